import type { Homeserver } from '../../test/support/node/homeserver.ts';
import type { MatrixClient } from '../../test/support/node/matrix-client.ts';
import { answerForRoom } from '../../test/support/node/stub/answer-for-room.ts';
import { StubNetwork } from '../../test/support/node/stub/stub-network.ts';
import { type StubEvent, StubRoom } from '../../test/support/node/stub/stub-room.ts';
import { StubSender } from '../../test/support/node/stub/stub-sender.ts';
import type { TestAuthority } from '../../test/support/node/test-authority.ts';
import { CpuRecording } from '../harness/cpu-profile.ts';
import { cpuTimes, cpuTimesSince } from '../harness/cpu-time.ts';
import { load } from '../harness/machine.ts';
import { type Kind, Servers } from '../harness/servers.ts';
import { median, percentile, ratio, withSpread } from '../harness/statistics.ts';
import { SyncClient, timelineOf } from '../harness/sync-client.ts';
import { code, type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const TARGET_RATE = 1500;
const TARGET_TXN_MS = 33;
const TARGET_RATIO = 20;
const PDUS = 50;
const ORIGINS = 10;
const ROOMS = 8;
/** Joined users of the stub servers in each room. */
const MEMBERS = 40;
/** Nothing new for this long: nothing more comes. */
const QUIET_MS = 15_000;

interface Variant {
  readonly name: string;
  readonly rooms: number;
  readonly origins: number;
}

const variants: readonly Variant[] = [
  { name: '(a) 1 room, 1 origin', rooms: 1, origins: 1 },
  { name: '(a) 1 room, 10 origins in turn', rooms: 1, origins: ORIGINS },
  { name: '(b) 8 rooms in turn, 1 origin', rooms: ROOMS, origins: 1 },
  { name: '(b) 8 rooms at once, 10 origins', rooms: ROOMS, origins: ORIGINS },
];

/** A server under test, with rooms of its own on the stub servers, which it has joined. */
interface Site {
  readonly kind: Kind;
  readonly server: Homeserver;
  readonly sender: StubSender;
  readonly observer: MatrixClient;
  readonly rooms: readonly StubRoom[];
}

interface Round {
  /** PDUs a second, until the last is in `/sync` */
  readonly rate: number;
  readonly txnMs: number;
  readonly cpuMsPerPdu: number;
  /** of what was sent, how much is in the history */
  readonly share: number;
}

interface Counts {
  readonly repetitions: number;
  readonly txns: number;
}

/**
 * Workload W4, inbound transactions of 50 linear PDUs: the clock runs from the first request until the last event is in
 * the `/sync` of a local user. The events are signed before it starts, and keys are cached.
 */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const counts = {
    repetitions: options.repetitions ?? (options.quick ? 2 : 5),
    txns: options.transactions ?? (options.quick ? 16 : 200),
  };
  const servers = await Servers.open(options.baseline);
  const network = await StubNetwork.open(ORIGINS, servers.authority);
  try {
    const kinds: Kind[] = options.baseline === undefined ? ['eyrie', 'synapse'] : ['eyrie', 'baseline', 'synapse'];
    const sites: Site[] = [];
    for (const kind of kinds) sites.push(await openSite(servers, network, await servers.start(kind), kind));
    const isPinned = servers.pin();
    const measured = new Map<string, Round[]>();
    for (const variant of variants) {
      for (const site of sites) await round(site, variant, 4);
      for (let repetition = 0; repetition < counts.repetitions; repetition += 1) {
        for (const site of repetition % 2 === 0 ? sites : sites.toReversed()) {
          const result = await round(site, variant, counts.txns);
          const key = keyOf(variant, site.kind);
          measured.set(key, [...(measured.get(key) ?? []), result]);
          progress(`W4 ${variant.name}, ${site.kind}: ${result.rate.toFixed(0)} PDU/s, load ${load()}`);
        }
      }
    }
    const profile = await profileOurs(options, network, servers.authority);
    return report(kinds, measured, { ...counts, isPinned, profile });
  } finally {
    await servers.close();
    await network.close();
  }
}

const keyOf = (variant: Variant, kind: Kind): string => `${variant.name} ${kind}`;

async function openSite(servers: Servers, network: StubNetwork, server: Homeserver, kind: Kind): Promise<Site> {
  const observer = await servers.user(server, 'observer');
  const rooms: StubRoom[] = [];
  for (let index = 0; index < ROOMS; index += 1) {
    const room = StubRoom.make(network.servers, MEMBERS);
    network.handle(answerForRoom(room));
    await observer.join(room.roomId, [network.servers[0]?.name ?? '']);
    rooms.push(room);
  }
  return { kind, server, sender: new StubSender(server.serverName, servers.authority.caPem), observer, rooms };
}

/** Lists of transactions, each list to be sent one after the other. */
function prepare(site: Site, { rooms: count, origins }: Variant, txns: number): StubTransaction[][] {
  const rooms = site.rooms.slice(0, count);
  const lines = origins === 1 ? [rooms] : rooms.map((room) => [room]);
  return lines.map((line) =>
    Array.from({ length: Math.ceil(txns / lines.length) }, (_, index) => {
      const room = line[index % line.length];
      const member = room?.members[1 + (index % origins)];
      if (room === undefined || member === undefined) throw new Error('there is no room');
      const events = Array.from({ length: PDUS }, (_each, number) =>
        room.say(member.userId, `message ${number} of transaction ${index}`),
      );
      return { room, origin: member.server, events };
    }),
  );
}

interface StubTransaction {
  readonly room: StubRoom;
  readonly origin: StubNetwork['servers'][number];
  readonly events: readonly StubEvent[];
}

async function round(site: Site, variant: Variant, txns: number): Promise<Round> {
  const lines = prepare(site, variant, txns);
  const sync = await SyncClient.open(site.observer);
  const awaited = new Map(lines.flatMap((line) => line.map(({ room }) => [room.roomId, room.newest.eventId] as const)));
  const before = cpuTimes(site.server);
  const txnMs: number[] = [];
  const start = performance.now();
  const seen = seeAll(sync, awaited, site.kind === 'synapse');
  await Promise.all(
    lines.map(async (line) => {
      for (const { origin, events } of line) {
        const at = performance.now();
        const results = await site.sender.push(origin, events);
        txnMs.push(performance.now() - at);
        const error = Object.values(results).find((result) => result.error !== undefined);
        if (error !== undefined) throw new Error(`${site.kind}: ${error.error}`);
      }
    }),
  );
  const end = await seen;
  const cpu = [...cpuTimesSince(site.server, before).values()].reduce((sum, ms) => sum + ms, 0);
  sync.connection.close();
  const sent = lines.flat();
  let pdus = 0;
  for (const room of new Set(sent.map(({ room: each }) => each))) {
    const events = sent.filter((txn) => txn.room === room).flatMap((txn) => txn.events);
    pdus += await checkHistory(site, room, events);
  }
  return {
    rate: (1000 * pdus) / (end - start),
    txnMs: percentile(txnMs, 0.5),
    cpuMsPerPdu: cpu / pdus,
    share: pdus / (sent.length * PDUS),
  };
}

/**
 * @param canLose whether the server may pass over the last event: then it has seen all when it sees nothing new for long.
 * @returns when the last event of each room was there, or anything new at all.
 */
async function seeAll(sync: SyncClient, awaited: ReadonlyMap<string, string>, canLose: boolean): Promise<number> {
  const open = new Map(awaited);
  let last = performance.now();
  for (;;) {
    const response = await sync.poll(2000);
    const now = performance.now();
    if (Object.keys(response.rooms?.join ?? {}).length > 0) last = now;
    for (const [roomId, eventId] of open) {
      if (timelineOf(response, roomId).some(({ event_id: id }) => id === eventId)) open.delete(roomId);
    }
    if (open.size === 0) return now;
    if (now - last < QUIET_MS) continue;
    if (canLose) return last;
    throw new Error(`the last event was not seen in ${[...open.keys()].join(', ')}`);
  }
}

/**
 * Correctness gate: the history holds these events in this order at its end. Synapse takes the events of a transaction
 * in no order, and passes over some of those that it then lacks: of it they are counted.
 * @returns how many there are.
 */
async function checkHistory({ kind, observer }: Site, room: StubRoom, events: readonly StubEvent[]): Promise<number> {
  const found: string[] = [];
  const expected = events.map(({ eventId }) => eventId).toReversed();
  const open = new Set<string>(expected);
  for (let from: string | undefined; open.size > 0;) {
    const page = await observer.messages(room.roomId, { limit: 500, from });
    for (const { event_id: id } of page.chunk) {
      found.push(id);
      open.delete(id);
    }
    from = page.end;
    if (from === undefined || page.chunk.length === 0) break;
  }
  if (kind !== 'synapse' && expected.some((id, index) => found[index] !== id))
    throw new Error(`${kind}: another history`);
  return events.length - open.size;
}

/** Once more, with an inspected Eyrie: what its thread did. */
async function profileOurs(
  { baseline }: RunOptions,
  network: StubNetwork,
  authority: TestAuthority,
): Promise<string[]> {
  const servers = await Servers.open(baseline, authority);
  try {
    const server = await servers.start('eyrie', true);
    const site = await openSite(servers, network, server, 'eyrie');
    const lines: string[] = [];
    for (const variant of [variants[0], variants[3]]) {
      if (variant === undefined) continue;
      await round(site, variant, 10);
      const recording = await CpuRecording.start(servers.inspectorOf(server) ?? 0);
      await round(site, variant, 40);
      lines.push(
        '',
        `Functions of Eyrie during ${variant.name} by their own time:`,
        '',
        ...code(await recording.stop()),
      );
    }
    return lines;
  } finally {
    await servers.close();
  }
}

function report(
  kinds: readonly Kind[],
  measured: ReadonlyMap<string, readonly Round[]>,
  { repetitions, txns, isPinned, profile }: Counts & { isPinned: boolean; profile: readonly string[] },
): Section {
  const of = (variant: Variant, kind: Kind, pick: (round: Round) => number): number[] =>
    (measured.get(keyOf(variant, kind)) ?? []).map(pick);
  const rows = variants.flatMap((variant) =>
    kinds.map((kind) => [
      variant.name,
      kind,
      withSpread(
        of(variant, kind, ({ rate }) => rate),
        0,
      ),
      withSpread(of(variant, kind, ({ txnMs }) => txnMs)),
      withSpread(
        of(variant, kind, ({ cpuMsPerPdu }) => cpuMsPerPdu),
        2,
      ),
      `${(100 * median(of(variant, kind, ({ share }) => share))).toFixed(0)} %`,
    ]),
  );
  const verdicts = variants.flatMap((variant) => {
    const rate = (kind: Kind) => median(of(variant, kind, (each) => each.rate));
    const txn = median(of(variant, 'eyrie', ({ txnMs }) => txnMs));
    return [
      `- ${variant.name}: at least ${TARGET_RATE} PDU/s: ${rate('eyrie').toFixed(0)}, ${verdict(rate('eyrie') >= TARGET_RATE)}; transaction p50 at most ${TARGET_TXN_MS} ms: ${txn.toFixed(1)}, ${verdict(txn <= TARGET_TXN_MS)}; at least ${TARGET_RATIO} times Synapse: ${ratio(rate('eyrie'), rate('synapse'))}, ${verdict(rate('eyrie') >= TARGET_RATIO * rate('synapse'))}.`,
    ];
  });
  const lines = [
    `Stub servers send transactions of ${PDUS} linear m.text events, signed before; a rate counts the PDUs that are in the history, until the last is in the \`/sync\` of a local user. ${repetitions} repetitions of ${txns} transactions (the definition says 200) in ABBA order; medians, least and most in brackets. Room version 12, ${MEMBERS} members of ${ORIGINS} servers and one local user in each room, TLS, SQLite on both. ${isPinned ? 'Servers on processor 0, generator and stub on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(
      ['variant', 'server', 'PDU/s visible', 'transaction, p50 ms', 'CPU of the server, ms a PDU', 'in the history'],
      rows,
    ),
    '',
    ...verdicts,
    ...profile,
  ];
  return { title: 'W4 inbound transactions', lines };
}
