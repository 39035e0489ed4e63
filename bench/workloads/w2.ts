import type { Homeserver } from '../../test/support/node/homeserver.ts';
import type { MatrixClient } from '../../test/support/node/matrix-client.ts';
import { until } from '../../test/support/node/until.ts';
import { cpuTimes, cpuTimesSince } from '../harness/cpu-time.ts';
import { CpuRecording } from '../harness/cpu-profile.ts';
import { KeepAliveClient } from '../harness/keep-alive-client.ts';
import { load } from '../harness/machine.ts';
import { Servers } from '../harness/servers.ts';
import { median, percentile, ratio, withSpread } from '../harness/statistics.ts';
import { SyncClient, timelineOf } from '../harness/sync-client.ts';
import { code, type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const TARGET_P50_MS = 12;
const TARGET_P99_MS = 40;
const TARGET_RATIO = 10;
/** A poll is given this long to reach the server, and the server to end what the last message left it to do. */
const PAUSE_MS = 40;
const ROOM_VERSION = '12';

/** Alice, on the first server, shares a room with Bob, on the second. */
interface Pair {
  readonly name: string;
  readonly servers: readonly [Homeserver, Homeserver];
  readonly roomId: string;
  readonly alice: MatrixClient;
  readonly bob: MatrixClient;
  readonly sender: KeepAliveClient;
  readonly receiver: SyncClient;
  readonly rounds: Round[];
}

/** One repetition, ms. */
interface Round {
  /** PUT start until Bob's whole body is there */
  readonly seen: readonly number[];
  /** PUT start until the answer to it */
  readonly acknowledged: readonly number[];
  /** of the servers' programs, a message */
  readonly cpu: ReadonlyMap<string, number>;
}

/**
 * Workload W2, federated delivery: one message in flight; the clock runs from the start of Alice's PUT to the end of
 * the body of Bob's `/sync`, which waits on the other server.
 */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const repetitions = options.quick ? 2 : 5;
  const sends = options.quick ? 40 : 100;
  const servers = await Servers.open(options.baseline);
  try {
    const pairs = await openPairs(servers, options);
    const isPinned = servers.pin();
    for (const pair of pairs) await round(pair, 20); // the first messages meet cold code and caches
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      // ABBA: each repetition turns the order of the one before around
      for (const pair of repetition % 2 === 0 ? pairs : pairs.toReversed()) {
        const measured = await round(pair, sends);
        pair.rounds.push(measured);
        progress(`W2 ${pair.name}: p50 ${percentile(measured.seen, 0.5).toFixed(1)} ms, load ${load()}`);
      }
    }
    for (const pair of pairs) await checkSameRoom(pair);
    const misses = pairs.filter((pair) => isOurs(pair) && missed(pair));
    const profile = misses.length === 0 ? [] : await profileOurs(options, sends);
    return report(pairs, { repetitions, sends, isPinned, profile });
  } finally {
    await servers.close();
  }
}

async function openPairs(servers: Servers, { baseline }: RunOptions): Promise<Pair[]> {
  const [eyrie, eyrie2] = [await servers.start('eyrie'), await servers.start('eyrie')];
  const [synapse, synapse2] = [await servers.start('synapse'), await servers.start('synapse')];
  const pairs = [
    await openPair(servers, 'Eyrie to Eyrie', eyrie, eyrie2),
    await openPair(servers, 'Synapse to Synapse', synapse, synapse2),
    await openPair(servers, 'Eyrie to Synapse', eyrie, synapse),
    await openPair(servers, 'Synapse to Eyrie', synapse, eyrie),
  ];
  if (baseline !== undefined) {
    const [first, second] = [await servers.start('baseline'), await servers.start('baseline')];
    pairs.push(await openPair(servers, 'baseline to baseline', first, second));
  }
  return pairs;
}

async function openPair(servers: Servers, name: string, from: Homeserver, to: Homeserver): Promise<Pair> {
  const [alice, bob] = [await servers.user(from, 'alice'), await servers.user(to, 'bob')];
  const roomId = await alice.createRoom({ preset: 'public_chat', room_version: ROOM_VERSION });
  await bob.join(roomId, [from.serverName]);
  await until(`${name}: Bob's join to be seen by Alice`, async () =>
    (await alice.joinedMembers(roomId)).includes(bob.userId),
  );
  const sender = new KeepAliveClient(from.clientUrl, alice.accessToken);
  const receiver = await SyncClient.open(bob);
  return { name, servers: [from, to], roomId, alice, bob, sender, receiver, rounds: [] };
}

async function round(pair: Pair, sends: number): Promise<Round> {
  const before = pair.servers.map((server) => cpuTimes(server));
  const [seen, acknowledged]: [number[], number[]] = [[], []];
  for (let index = 0; index < sends; index += 1) {
    const times = await deliver(pair);
    seen.push(times.seen);
    acknowledged.push(times.acknowledged);
  }
  const cpu = new Map<string, number>();
  pair.servers.forEach((server, index) => {
    for (const [program, ms] of cpuTimesSince(server, before[index] ?? new Map<string, number>())) {
      cpu.set(program, (cpu.get(program) ?? 0) + ms / sends);
    }
  });
  return { seen, acknowledged, cpu };
}

/** Correctness gate: the event has the ID that its sender was told, and the text that was sent. */
async function deliver({
  name,
  roomId,
  sender,
  receiver,
  alice,
}: Pair): Promise<{ seen: number; acknowledged: number }> {
  const body = `message ${alice.nextTxnId()}`;
  let poll = receiver.poll();
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  const path = `/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${alice.nextTxnId()}`;
  const start = performance.now();
  let acknowledged = Number.NaN;
  const sent = sender.ask<{ event_id: string }>('PUT', path, { msgtype: 'm.text', body }).then((answer) => {
    acknowledged = performance.now() - start;
    return answer.event_id;
  });
  for (;;) {
    const response = await poll;
    const seen = performance.now() - start;
    const event = timelineOf(response, roomId).find(({ content }) => content['body'] === body);
    if (event !== undefined) {
      if (event.event_id !== (await sent)) throw new Error(`${name}: the event has another ID at its receiver`);
      return { seen, acknowledged };
    }
    if (seen > 30_000) throw new Error(`${name}: a message did not arrive within 30 s`);
    poll = receiver.poll();
  }
}

/** Correctness gate: both servers hold the same state and the same messages in the same order. */
async function checkSameRoom({ name, roomId, alice, bob }: Pair): Promise<void> {
  const stateOf = async (client: MatrixClient): Promise<string> => {
    const state = await client.request<{ event_id: string }[]>('GET', `/rooms/${encodeURIComponent(roomId)}/state`);
    return state
      .map(({ event_id: id }) => id)
      .toSorted()
      .join(' ');
  };
  const historyOf = async (client: MatrixClient): Promise<string> =>
    (await client.messages(roomId)).chunk.map(({ event_id: id }) => id).join(' ');
  if ((await stateOf(alice)) !== (await stateOf(bob))) throw new Error(`${name}: the servers hold different states`);
  if ((await historyOf(alice)) !== (await historyOf(bob))) throw new Error(`${name}: the servers hold other messages`);
}

const isOurs = ({ name }: Pair): boolean => name === 'Eyrie to Eyrie';
const p50s = ({ rounds }: Pair): number[] => rounds.map(({ seen }) => percentile(seen, 0.5));
const p99s = ({ rounds }: Pair): number[] => rounds.map(({ seen }) => percentile(seen, 0.99));
const missed = (pair: Pair): boolean => median(p50s(pair)) > TARGET_P50_MS || median(p99s(pair)) > TARGET_P99_MS;

/** Once more, with both Eyries inspected: what their threads did. */
async function profileOurs({ baseline }: RunOptions, sends: number): Promise<string[]> {
  const servers = await Servers.open(baseline);
  try {
    const both = [await servers.start('eyrie', true), await servers.start('eyrie', true)] as const;
    const pair = await openPair(servers, 'Eyrie to Eyrie, inspected', ...both);
    await round(pair, 20);
    const recordings = await Promise.all(both.map((server) => CpuRecording.start(servers.inspectorOf(server) ?? 0)));
    await round(pair, sends);
    const [sending = [], receiving = []] = await Promise.all(recordings.map((recording) => recording.stop()));
    return [
      '',
      'Functions of the sending server by their own time:',
      '',
      ...code(sending),
      '',
      'Of the receiving one:',
      '',
      ...code(receiving),
    ];
  } finally {
    await servers.close();
  }
}

function report(
  pairs: readonly Pair[],
  {
    repetitions,
    sends,
    isPinned,
    profile,
  }: { repetitions: number; sends: number; isPinned: boolean; profile: string[] },
): Section {
  const acknowledgements = ({ rounds }: Pair) => rounds.map(({ acknowledged }) => percentile(acknowledged, 0.5));
  const cpu = ({ rounds }: Pair) =>
    [...(rounds[0]?.cpu.keys() ?? [])]
      .map((program) => `${program} ${median(rounds.map((each) => each.cpu.get(program) ?? 0)).toFixed(1)}`)
      .join(', ');
  const rows = pairs.map((pair) => [
    pair.name,
    withSpread(p50s(pair)),
    withSpread(p99s(pair)),
    withSpread(acknowledgements(pair)),
    cpu(pair),
  ]);
  const [ours, theirs] = [pairs.find(isOurs), pairs.find(({ name }) => name === 'Synapse to Synapse')];
  if (ours === undefined || theirs === undefined) throw new Error('the pairs that are compared were not measured');
  const [p50, p99, theirP50] = [median(p50s(ours)), median(p99s(ours)), median(p50s(theirs))];
  const lines = [
    `Alice on one server sends m.text, Bob on the other long-polls \`/sync\`; from the start of the PUT to the end of Bob's body. Room version ${ROOM_VERSION}, TLS between the servers, SQLite on both. ${repetitions} repetitions of ${sends} messages, one in flight, in ABBA order; medians of the repetitions, least and most in brackets. ${isPinned ? 'All servers on processor 0, generator on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(
      ['pair', 'seen, p50 ms', 'seen, p99 ms', 'acknowledged, p50 ms', 'CPU of both servers, ms a message'],
      rows,
    ),
    '',
    `- p50 of two Eyries at most ${TARGET_P50_MS} ms: ${p50.toFixed(1)}, ${verdict(p50 <= TARGET_P50_MS)}.`,
    `- p99 of two Eyries at most ${TARGET_P99_MS} ms: ${p99.toFixed(1)}, ${verdict(p99 <= TARGET_P99_MS)}.`,
    `- At least ${TARGET_RATIO} times as fast as two Synapses (p50; the target names Synapse with Postgres, this one has SQLite): ${ratio(theirP50, p50)}, ${verdict(theirP50 >= TARGET_RATIO * p50)}.`,
    ...profile,
  ];
  return { title: 'W2 federated delivery', lines };
}
