import type { ClientEvent, MatrixClient } from '../../test/support/node/matrix-client.ts';
import { inTurns } from '../harness/in-turns.ts';
import { KeepAliveClient } from '../harness/keep-alive-client.ts';
import { load } from '../harness/machine.ts';
import { type Kind, kindsOf, Servers } from '../harness/servers.ts';
import { several } from '../harness/several.ts';
import { SlidingClient } from '../harness/sliding-client.ts';
import { median, percentile, ratio, withSpread } from '../harness/statistics.ts';
import { SyncClient, timelineOf } from '../harness/sync-client.ts';
import { type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const TARGET_P50_MS = 6;
const TARGET_RATIO = 10;
const ROOM_VERSION = '12';
/** A poll is given this long to reach the server, and the server to end what the last message left it to do. */
const PAUSE_MS = 40;
const GIVE_UP_MS = 30_000;

/** Someone who waits for what is new in a room. */
interface Receiver {
  /** @param timeoutMs 0: do not wait. @returns the new timeline events of the room. */
  poll(roomId: string, timeoutMs?: number): Promise<readonly ClientEvent[]>;
  close(): void;
}

interface Variant {
  readonly name: string;
  /** whether the room is the one with many members */
  readonly large: boolean;
  readonly api: 'sync' | 'sliding';
}

interface Site {
  readonly kind: Kind;
  readonly small: string;
  readonly large: string;
  readonly alice: MatrixClient;
  readonly sender: KeepAliveClient;
  readonly receivers: Readonly<Record<Variant['api'], Receiver>>;
}

/** Of one repetition, ms: from the start of the PUT until Bob's whole body is there. */
interface Round {
  readonly p50: number;
  readonly p99: number;
}

/**
 * Workload W1, local wake: one message in flight; the clock runs from the start of Alice's PUT to the end of the body of
 * Bob's long poll on the same server, in a room of the two and in one of 1,000 local members.
 */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const repetitions = options.repetitions ?? (options.quick ? 2 : 5);
  const sends = options.quick ? 20 : 300;
  const members = options.members ?? (options.quick ? 30 : 1000);
  if (members < 2) throw new Error('W1 needs at least two members');
  const variants = variantsOf(members);
  const servers = await Servers.open(options.baseline);
  try {
    const kinds = kindsOf(options);
    const sites: Site[] = [];
    for (const kind of kinds) {
      sites.push(await openSite(servers, kind, members));
      progress(`W1 ${kind}: ${members} members are there`);
    }
    const isPinned = servers.pin();
    const measured = new Map<string, Round[]>();
    for (const variant of variants) {
      for (const site of sites) await round(site, variant, 20); // the first messages meet cold code and caches
      await inTurns(repetitions, sites, async (site) => {
        const result = await round(site, variant, sends);
        const key = keyOf(variant, site.kind);
        measured.set(key, [...(measured.get(key) ?? []), result]);
        progress(`W1 ${variant.name}, ${site.kind}: p50 ${result.p50.toFixed(1)} ms, load ${load()}`);
      });
    }
    for (const { sender, receivers } of sites) {
      for (const connection of [sender, receivers.sync, receivers.sliding]) connection.close();
    }
    return report(kinds, variants, measured, { repetitions, sends, isPinned });
  } finally {
    await servers.close();
  }
}

const variantsOf = (members: number): Variant[] => [
  { name: 'room of 2, /sync', large: false, api: 'sync' },
  { name: 'room of 2, sliding sync', large: false, api: 'sliding' },
  { name: `room of ${members}, /sync`, large: true, api: 'sync' },
  { name: `room of ${members}, sliding sync`, large: true, api: 'sliding' },
];

const keyOf = (variant: Variant, kind: Kind): string => `${variant.name} ${kind}`;

async function openSite(servers: Servers, kind: Kind, members: number): Promise<Site> {
  const server = await servers.start(kind);
  const [alice, bob] = [await servers.user(server, 'alice'), await servers.user(server, 'bob')];
  const [small, large] = [await openRoom(alice, bob), await openRoom(alice, bob)];
  await several(Array.from({ length: members - 2 }), async () => {
    await (await servers.user(server, 'member')).join(large);
  });
  const there = await alice.joinedMembers(large);
  if (there.length !== members) throw new Error(`${kind}: ${there.length} of ${members} members are in the room`);
  const sender = new KeepAliveClient(server.clientUrl, alice.accessToken);
  const receivers = { sync: await syncing(bob), sliding: await sliding(bob) };
  return { kind, small, large, alice, sender, receivers };
}

async function openRoom(alice: MatrixClient, bob: MatrixClient): Promise<string> {
  const roomId = await alice.createRoom({ preset: 'public_chat', room_version: ROOM_VERSION });
  await bob.join(roomId);
  return roomId;
}

async function syncing(client: MatrixClient): Promise<Receiver> {
  const sync = await SyncClient.open(client);
  return {
    poll: async (roomId, timeoutMs) => timelineOf(await sync.poll(timeoutMs), roomId),
    close: () => sync.connection.close(),
  };
}

async function sliding(client: MatrixClient): Promise<Receiver> {
  const slider = await SlidingClient.open(client);
  return {
    poll: async (roomId, timeoutMs) => (await slider.poll(timeoutMs)).rooms?.[roomId]?.timeline ?? [],
    close: () => slider.connection.close(),
  };
}

async function round(site: Site, variant: Variant, sends: number): Promise<Round> {
  const roomId = variant.large ? site.large : site.small;
  const receiver = site.receivers[variant.api];
  // What came while the other way was measured.
  await receiver.poll(roomId, 0);
  const times: number[] = [];
  for (let send = 0; send < sends; send += 1) times.push(await deliver(site, receiver, roomId));
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

/** Correctness gate: the event has the ID that its sender was told, and the text that was sent. */
async function deliver({ kind, alice, sender }: Site, receiver: Receiver, roomId: string): Promise<number> {
  const txnId = alice.nextTxnId();
  const body = `message ${txnId}`;
  let poll = receiver.poll(roomId);
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  const start = performance.now();
  const sent = sender.ask<{ event_id: string }>(
    'PUT',
    `/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${txnId}`,
    { msgtype: 'm.text', body },
  );
  for (;;) {
    const events = await poll;
    const seen = performance.now() - start;
    const event = events.find(({ content }) => content['body'] === body);
    if (event !== undefined) {
      if (event.event_id !== (await sent).event_id)
        throw new Error(`${kind}: the event has another ID at its receiver`);
      return seen;
    }
    if (seen > GIVE_UP_MS) throw new Error(`${kind}: a message did not arrive within ${GIVE_UP_MS / 1000} s`);
    poll = receiver.poll(roomId);
  }
}

function report(
  kinds: readonly Kind[],
  variants: readonly Variant[],
  measured: ReadonlyMap<string, readonly Round[]>,
  { repetitions, sends, isPinned }: { repetitions: number; sends: number; isPinned: boolean },
): Section {
  const of = (variant: Variant, kind: Kind, what: keyof Round) =>
    (measured.get(keyOf(variant, kind)) ?? []).map((each) => each[what]);
  const rows = variants.flatMap((variant) =>
    kinds.map((kind) => [
      variant.name,
      kind,
      withSpread(of(variant, kind, 'p50')),
      withSpread(of(variant, kind, 'p99')),
    ]),
  );
  const verdicts = variants.map((variant) => {
    const [ours, theirs] = [median(of(variant, 'eyrie', 'p50')), median(of(variant, 'synapse', 'p50'))];
    return `- ${variant.name}: p50 at most ${TARGET_P50_MS} ms: ${ours.toFixed(1)}, ${verdict(ours <= TARGET_P50_MS)}; at least ${TARGET_RATIO} times as fast as Synapse (the target names Synapse with Postgres, this one has SQLite): ${ratio(theirs, ours)}, ${verdict(theirs >= TARGET_RATIO * ours)}.`;
  });
  const lines = [
    `Alice sends m.text, Bob on the same server long-polls; from the start of the PUT to the end of Bob's body. Nobody else polls. Sliding sync shows the first 20 rooms with one event each. Room version ${ROOM_VERSION}, SQLite on both. ${repetitions} repetitions of ${sends} messages, one in flight, in ABBA order; medians of the repetitions, least and most in brackets. ${isPinned ? 'Servers on processor 0, generator on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(['room and way', 'server', 'seen, p50 ms', 'seen, p99 ms'], rows),
    '',
    ...verdicts,
  ];
  return { title: 'W1 local wake', lines };
}
