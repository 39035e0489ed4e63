import type { Homeserver } from '../../test/support/node/homeserver.ts';
import type { MatrixClient } from '../../test/support/node/matrix-client.ts';
import { CpuRecording } from '../harness/cpu-profile.ts';
import { cpuTimes, cpuTimesSince } from '../harness/cpu-time.ts';
import { KeepAliveClient } from '../harness/keep-alive-client.ts';
import { load } from '../harness/machine.ts';
import { type Kind, kindsOf, Servers } from '../harness/servers.ts';
import { several } from '../harness/several.ts';
import { median, percentile, ratio, withSpread } from '../harness/statistics.ts';
import { SyncClient } from '../harness/sync-client.ts';
import { code, type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';
import { Visibility } from '../harness/visibility.ts';

const ROOM_VERSION = '12';
const TARGET_RATIO = 10;
/** In each room but the first. */
const MEMBERS_A_ROOM = 10;
/** What is acknowledged has to be seen within this time after the last message. */
const CATCH_UP_MS = 60_000;

interface Variant {
  readonly name: string;
  readonly rooms: number;
  readonly senders: number;
  readonly target: number;
}

const variants: readonly Variant[] = [
  { name: '(a) one room, 10 senders', rooms: 1, senders: 10, target: 400 },
  { name: '(b) 50 rooms, 50 senders', rooms: 50, senders: 50, target: 300 },
];

/** A server with its accounts. All are members of the first room, and some of each other room. */
interface Site {
  readonly kind: Kind;
  readonly server: Homeserver;
  readonly members: readonly MatrixClient[];
  readonly rooms: readonly string[];
}

/** One repetition. */
interface Round {
  /** acknowledged and visible messages a second */
  readonly rate: number;
  readonly acknowledgedMs: readonly number[];
  readonly seenMs: readonly number[];
  readonly cpu: ReadonlyMap<string, number>;
}

/**
 * Workload W3, sustained send: each sender sends its next message when the last one is acknowledged; another member
 * long-polls. The rate counts what was acknowledged, over the time until all of it was seen.
 */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const repetitions = options.quick ? 2 : 5;
  const durationMs = 1000 * (options.seconds ?? (options.quick ? 5 : 60));
  const servers = await Servers.open(options.baseline);
  try {
    const kinds = kindsOf(options);
    const sites: Site[] = [];
    for (const kind of kinds) sites.push(await openSite(servers, kind, options, progress));
    const isPinned = servers.pin();
    const measured = new Map<string, Round[]>();
    for (const variant of variants) {
      for (const site of sites) await round(site, variant, 1000);
      for (let repetition = 0; repetition < repetitions; repetition += 1) {
        for (const site of repetition % 2 === 0 ? sites : sites.toReversed()) {
          const result = await round(site, variant, durationMs);
          const key = keyOf(variant, site.kind);
          measured.set(key, [...(measured.get(key) ?? []), result]);
          progress(`W3 ${variant.name}, ${site.kind}: ${result.rate.toFixed(0)} messages/s, load ${load()}`);
        }
      }
    }
    const rates = (variant: Variant, kind: Kind) => (measured.get(keyOf(variant, kind)) ?? []).map(({ rate }) => rate);
    const missed = variants.filter((variant) => median(rates(variant, 'eyrie')) < variant.target);
    const profile: string[] = [];
    for (const variant of missed) profile.push(...(await profileOurs(options, variant)));
    const members = memberCount(options);
    return report(kinds, measured, { repetitions, durationMs, members, isPinned, profile });
  } finally {
    await servers.close();
  }
}

const keyOf = (variant: Variant, kind: Kind): string => `${variant.name} ${kind}`;

const memberCount = ({ quick }: RunOptions): number => (quick ? 50 : 100);

async function openSite(servers: Servers, kind: Kind, options: RunOptions, progress: Progress): Promise<Site> {
  const server = await servers.start(kind);
  const site = await fillSite(servers, server, kind, { members: memberCount(options), rooms: 50 });
  progress(`W3 ${kind}: ${site.members.length} accounts are in ${site.rooms.length} rooms`);
  return site;
}

async function fillSite(
  servers: Servers,
  server: Homeserver,
  kind: Kind,
  counts: { members: number; rooms: number },
): Promise<Site> {
  const members: MatrixClient[] = [];
  await several(range(counts.members), async () => {
    members.push(await servers.user(server, 'member'));
  });
  const [owner, ...others] = members;
  if (owner === undefined) throw new Error('there is no account');
  const rooms: string[] = [];
  await several(range(counts.rooms), async () => {
    rooms.push(await owner.createRoom({ preset: 'public_chat', room_version: ROOM_VERSION }));
  });
  const [first, ...rest] = rooms;
  await several(others, async (member) => {
    if (first !== undefined) await member.join(first);
  });
  await several([...rest.entries()], async ([index, room]) => {
    for (const member of membersOf(others, index + 1)) await member.join(room);
  });
  return { kind, server, members, rooms };
}

/** Who is in a room besides its owner: the sender of the room, and those after them. */
function membersOf(others: readonly MatrixClient[], room: number): MatrixClient[] {
  return range(MEMBERS_A_ROOM).flatMap((offset) => others[(room + offset) % others.length] ?? []);
}

async function round(site: Site, variant: Variant, durationMs: number): Promise<Round> {
  const [observer, ...others] = site.members;
  if (observer === undefined) throw new Error('there is no account');
  const rooms = site.rooms.slice(0, variant.rooms);
  const visibility = await Visibility.watch(await SyncClient.open(observer), observer, rooms);
  const before = cpuTimes(site.server);
  const acknowledgedMs: number[] = [];
  const sentAt = new Map<string, number>();
  const start = performance.now();
  const end = start + durationMs;
  const senders = range(variant.senders).map(async (index) => {
    const member = others[index % others.length];
    if (member === undefined) throw new Error('there is no sender');
    const connection = new KeepAliveClient(site.server.clientUrl, member.accessToken);
    const room = rooms[index % rooms.length] ?? '';
    const path = `/rooms/${encodeURIComponent(room)}/send/m.room.message/`;
    while (performance.now() < end) {
      const at = performance.now();
      const content = { msgtype: 'm.text', body: `message of sender ${index}` };
      const { event_id: id } = await connection.ask<{ event_id: string }>('PUT', path + member.nextTxnId(), content);
      acknowledgedMs.push(performance.now() - at);
      sentAt.set(id, at);
    }
    connection.close();
  });
  await Promise.all(senders);
  const cpu = cpuTimesSince(site.server, before);
  const seenAt = await visibility.seesAll(new Set(sentAt.keys()), CATCH_UP_MS);
  if (sentAt.size !== acknowledgedMs.length) throw new Error(`${site.kind}: two messages are one event`);
  const seen = [...sentAt].map(([id, at]) => (seenAt.get(id) ?? Number.NaN) - at);
  return {
    rate: (1000 * sentAt.size) / (Math.max(...seenAt.values()) - start),
    acknowledgedMs: summarised(acknowledgedMs),
    seenMs: summarised(seen),
    cpu: new Map(Array.from(cpu, ([program, ms]) => [program, ms / sentAt.size])),
  };
}

/** p50 and p99. */
const summarised = (values: readonly number[]): number[] => [percentile(values, 0.5), percentile(values, 0.99)];

/** Once more and short, with an inspected Eyrie: what its thread did. */
async function profileOurs({ baseline }: RunOptions, variant: Variant): Promise<string[]> {
  const servers = await Servers.open(baseline);
  try {
    const server = await servers.start('eyrie', true);
    const site = await fillSite(servers, server, 'eyrie', { members: variant.senders + 1, rooms: variant.rooms });
    await round(site, variant, 2000);
    const recording = await CpuRecording.start(servers.inspectorOf(server) ?? 0);
    await round(site, variant, 5000);
    const lines = await recording.stop();
    return ['', `Functions of Eyrie during ${variant.name} by their own time:`, '', ...code(lines)];
  } finally {
    await servers.close();
  }
}

interface Facts {
  readonly repetitions: number;
  readonly durationMs: number;
  readonly members: number;
  readonly isPinned: boolean;
  readonly profile: readonly string[];
}

function report(kinds: readonly Kind[], measured: ReadonlyMap<string, readonly Round[]>, facts: Facts): Section {
  const of = (variant: Variant, kind: Kind): readonly Round[] => measured.get(keyOf(variant, kind)) ?? [];
  const rows = variants.flatMap((variant) =>
    kinds.map((kind) => {
      const rounds = of(variant, kind);
      const at = (pick: (each: Round) => number | undefined) => rounds.map((each) => pick(each) ?? Number.NaN);
      const programs = [...(rounds[0]?.cpu.keys() ?? [])];
      return [
        variant.name,
        kind,
        withSpread(
          at(({ rate }) => rate),
          0,
        ),
        withSpread(at(({ acknowledgedMs }) => acknowledgedMs[0])),
        withSpread(at(({ acknowledgedMs }) => acknowledgedMs[1])),
        withSpread(at(({ seenMs }) => seenMs[1])),
        programs.map((name) => `${name} ${median(at(({ cpu }) => cpu.get(name))).toFixed(2)}`).join(', '),
      ];
    }),
  );
  const verdicts = variants.flatMap((variant) => {
    const [ours, theirs] = (['eyrie', 'synapse'] as const).map((kind) =>
      median(of(variant, kind).map(({ rate }) => rate)),
    );
    if (ours === undefined || theirs === undefined) return [];
    return [
      `- ${variant.name}: at least ${variant.target} messages/s: ${ours.toFixed(0)}, ${verdict(ours >= variant.target)}.`,
      `- ${variant.name}: at least ${TARGET_RATIO} times Synapse: ${ratio(ours, theirs)}, ${verdict(ours >= TARGET_RATIO * theirs)}.`,
    ];
  });
  const lines = [
    `Each sender sends its next message when the last one is acknowledged; another member long-polls. Messages a second count what was acknowledged over the time until all of it was seen. ${facts.members} local accounts, all of them in the room of (a) and ${MEMBERS_A_ROOM} besides the observer in each other room; room version ${ROOM_VERSION}; SQLite on both. ${facts.repetitions} repetitions of ${facts.durationMs / 1000} s (the definition says 60) in ABBA order; medians of the repetitions, least and most in brackets. ${facts.isPinned ? 'Servers on processor 0, generator on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(
      [
        'variant',
        'server',
        'messages/s',
        'acknowledged, p50 ms',
        'acknowledged, p99 ms',
        'seen, p99 ms',
        'CPU, ms a message',
      ],
      rows,
    ),
    '',
    ...verdicts,
    ...facts.profile,
  ];
  return { title: 'W3 sustained send', lines };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
