import type { Homeserver } from '../../test/support/node/homeserver.ts';
import type { MatrixClient } from '../../test/support/node/matrix-client.ts';
import { StubNetwork } from '../../test/support/node/stub/stub-network.ts';
import type { StubRoom } from '../../test/support/node/stub/stub-room.ts';
import { until } from '../../test/support/node/until.ts';
import { cpuTimes, cpuTimesSince } from '../harness/cpu-time.ts';
import { load } from '../harness/machine.ts';
import { growthDuring } from '../harness/memory.ts';
import { type Kind, Servers } from '../harness/servers.ts';
import { median, ratio, withSpread } from '../harness/statistics.ts';
import { joinStubRoom, openStubRoom } from '../harness/stub-site.ts';
import { type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const SERVERS = 500;
const TARGET_USABLE_MS = 100;
const TARGET_FULL_MS = 3000;
const TARGET_MIB = 128;
const TARGET_RATIO = 10;
const GIVE_UP_MS = 900_000;
const KINDS = ['eyrie', 'synapse'] as const;

interface Size {
  readonly members: number;
  readonly repetitions: number;
}

interface Joined {
  readonly usableMs: number;
  readonly fullMs: number;
  readonly mib: number;
  readonly cpuMs: number;
}

/**
 * Workload W5: a server that knows nobody joins a room of other servers. A fresh server for each join: it has none of
 * the keys of the 500 servers. Usable: /join has answered, the room is in /sync and a message was sent; whole: all members
 * are told.
 */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const sizes: Size[] = options.quick
    ? [{ members: 1000, repetitions: 1 }]
    : (options.members === undefined ? [10_000, 50_000] : [options.members]).map((members) => ({
        members,
        repetitions: options.repetitions ?? 5,
      }));
  const measured = new Map<string, Joined[]>();
  let isPinned = true;
  for (const { members, repetitions } of sizes) {
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      for (const kind of repetition % 2 === 0 ? KINDS : KINDS.toReversed()) {
        const servers = await Servers.open(options.baseline);
        const network = await StubNetwork.open(SERVERS, servers.authority);
        try {
          const server = await servers.start(kind);
          const user = await servers.user(server, 'joiner');
          const room = openStubRoom(network, network.servers, members);
          isPinned &&= servers.pin();
          const joined = await join(server, user, room);
          const key = `${members} ${kind}`;
          measured.set(key, [...(measured.get(key) ?? []), joined]);
          const { usableMs, fullMs, mib } = joined;
          progress(
            `W5 ${members}, ${kind}: ${usableMs.toFixed(0)} ms, ${fullMs.toFixed(0)} ms, ${mib.toFixed(0)} MiB, load ${load()}`,
          );
        } finally {
          await servers.close();
          await network.close();
        }
      }
    }
  }
  return report(sizes, measured, isPinned);
}

async function join(server: Homeserver, user: MatrixClient, room: StubRoom): Promise<Joined> {
  const members = room.members.length + 1;
  const before = cpuTimes(server);
  const { value, mib } = await growthDuring(server, async () => {
    const start = performance.now();
    await joinStubRoom(user, room);
    await until(
      'the room to be in /sync',
      async () => {
        const { rooms } = await user.sync({ filter: { room: { state: { lazy_load_members: true } } } });
        return Object.hasOwn(rooms?.join ?? {}, room.roomId);
      },
      GIVE_UP_MS,
    );
    await user.send(room.roomId, 'hello everybody');
    const usableMs = performance.now() - start;
    await until(
      'all members to be told',
      async () => (await user.joinedMembers(room.roomId)).length === members,
      GIVE_UP_MS,
    );
    return { usableMs, fullMs: performance.now() - start };
  });
  const cpuMs = [...cpuTimesSince(server, before).values()].reduce((sum, ms) => sum + ms, 0);
  return { ...value, mib, cpuMs };
}

function report(sizes: readonly Size[], measured: ReadonlyMap<string, readonly Joined[]>, isPinned: boolean): Section {
  const of = (members: number, kind: Kind, what: keyof Joined) =>
    (measured.get(`${members} ${kind}`) ?? []).map((joined) => joined[what]);
  const rows = sizes.flatMap(({ members }) =>
    KINDS.map((kind) => [
      `${members}`,
      kind,
      withSpread(of(members, kind, 'usableMs'), 0),
      withSpread(of(members, kind, 'fullMs'), 0),
      withSpread(of(members, kind, 'cpuMs'), 0),
      withSpread(of(members, kind, 'mib'), 0),
    ]),
  );
  const verdicts = sizes.flatMap(({ members }) => {
    const middle = (kind: Kind, what: keyof Joined) => median(of(members, kind, what));
    const [usable, full, mib] = (['usableMs', 'fullMs', 'mib'] as const).map((what) => middle('eyrie', what));
    if (usable === undefined || full === undefined || mib === undefined) return [];
    const theirs = middle('synapse', 'fullMs');
    const targets = [
      `- ${members} members: usable within ${TARGET_USABLE_MS} ms: ${usable.toFixed(0)}, ${verdict(usable <= TARGET_USABLE_MS)} (there are no partial-state joins);`,
      `  whole state at least ${TARGET_RATIO} times as fast as Synapse: ${ratio(theirs, full)}, ${verdict(theirs >= TARGET_RATIO * full)};`,
      `  growth at most ${TARGET_MIB} MiB: ${mib.toFixed(0)}, ${verdict(mib <= TARGET_MIB)}.`,
    ];
    if (members !== 10_000) return targets;
    return [
      ...targets,
      `  Whole state within ${TARGET_FULL_MS} ms: ${full.toFixed(0)}, ${verdict(full <= TARGET_FULL_MS)}.`,
    ];
  });
  const repetitions = sizes.map((size) => `${size.repetitions} of ${size.members} members`).join(', ');
  const lines = [
    `A fresh server joins a room of ${SERVERS} stub servers, none of whose keys it has. Repetitions: ${repetitions}, servers in ABBA order; medians, least and most in brackets. Usable: /join has answered, the room is in \`/sync\` (lazy members), a message was sent. Whole: all members are told. Growth: the largest resident set of workerd, or of Python, meanwhile, minus the one before. TLS, SQLite on both. ${isPinned ? 'Server on processor 0, generator and stub on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(['members', 'server', 'usable, ms', 'whole, ms', 'CPU, ms', 'growth, MiB'], rows),
    '',
    ...verdicts,
  ];
  return { title: 'W5 join', lines };
}
