import type { MatrixClient } from '../../test/support/node/matrix-client.ts';
import { StubNetwork } from '../../test/support/node/stub/stub-network.ts';
import type { StubRoom } from '../../test/support/node/stub/stub-room.ts';
import { KeepAliveClient } from '../harness/keep-alive-client.ts';
import { load } from '../harness/machine.ts';
import { Servers } from '../harness/servers.ts';
import { median, percentile, withSpread } from '../harness/statistics.ts';
import { joinStubRoom, openStubRoom } from '../harness/stub-site.ts';
import { type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const DESTINATIONS = 1000;
const DEAD = 900;
/** Between two messages: what the one before set off is over then, unless the machine is busy. */
const PAUSE_MS = 500;
const TARGET_RATIO = 1.2;
/** The least that a back-off lasts after the first failure; twice as much after each further one. */
const FIRST_BACKOFF_MS = 500;

/** After this the servers that are away are tried once in minutes. */
const SETTLE_MS = 90_000;

/** A server with one room. */
interface Place {
  readonly name: string;
  readonly alice: MatrixClient;
  readonly room: StubRoom;
  /** While those that are away have just been found so. */
  first: number;
  readonly p50s: number[];
}

/**
 * Outbound resilience: how long a local user's message takes to be acknowledged in a room with a thousand other servers
 * of which nine hundred are away, beside a server with one, and one with the hundred that are there; and whether any that
 * is away is tried before its back-off.
 */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const repetitions = options.repetitions ?? (options.quick ? 2 : 5);
  const sends = options.quick ? 5 : 20;
  const servers = await Servers.open(options.baseline);
  const network = await StubNetwork.open(DESTINATIONS, servers.authority);
  try {
    const open = async (name: string, count: number): Promise<Place> => {
      const alice = await servers.user(await servers.start('eyrie'), 'alice');
      const room = openStubRoom(network, network.servers.slice(0, count), count);
      await joinStubRoom(alice, room);
      return { name, alice, room, first: Number.NaN, p50s: [] };
    };
    const alive = DESTINATIONS - DEAD;
    const places = [
      await open('one server', 1),
      await open(`${alive} servers, none away`, alive),
      await open(`${DESTINATIONS} servers, ${DEAD} away`, DESTINATIONS),
    ];
    const dead = network.servers.slice(-DEAD);
    network.kill(dead.slice(0, DEAD / 2), 'refuses');
    network.kill(dead.slice(DEAD / 2), 'is silent');
    const attempts = new Map<string, number[]>();
    network.onAttempt = ({ name }) => attempts.set(name, [...(attempts.get(name) ?? []), performance.now()]);
    const isPinned = servers.pin();
    for (const place of places) {
      place.first = await round(place, sends);
      progress(`W8-dead ${place.name}: at first ${place.first.toFixed(1)} ms, load ${load()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, options.quick ? SETTLE_MS / 10 : SETTLE_MS));
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      for (const place of repetition % 2 === 0 ? places : places.toReversed()) {
        place.p50s.push(await round(place, sends));
        progress(`W8-dead ${place.name}: ${place.p50s.at(-1)?.toFixed(1)} ms, load ${load()}`);
      }
    }
    return report(places, { repetitions, sends, isPinned, attempts });
  } finally {
    await servers.close();
    await network.close();
  }
}

/** @returns the median until a message is acknowledged, ms. */
async function round({ alice, room }: Place, sends: number): Promise<number> {
  const connection = new KeepAliveClient(alice.baseUrl, alice.accessToken);
  const times: number[] = [];
  for (let send = 0; send < sends; send += 1) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const path = `/rooms/${encodeURIComponent(room.roomId)}/send/m.room.message/${alice.nextTxnId()}`;
    const start = performance.now();
    await connection.ask('PUT', path, { msgtype: 'm.text', body: 'hello' });
    times.push(performance.now() - start);
  }
  connection.close();
  return percentile(times, 0.5);
}

/** Tries that came sooner after the one before than the back-off after that many failures lasts at the least. */
function tooEarly(attempts: ReadonlyMap<string, readonly number[]>): number {
  let count = 0;
  for (const times of attempts.values()) {
    times.forEach((at, failures) => {
      const before = times[failures - 1];
      if (before !== undefined && at - before < FIRST_BACKOFF_MS * 2 ** (failures - 1)) count += 1;
    });
  }
  return count;
}

function report(
  places: readonly Place[],
  facts: { repetitions: number; sends: number; isPinned: boolean; attempts: ReadonlyMap<string, readonly number[]> },
): Section {
  const { repetitions, sends, isPinned, attempts } = facts;
  const [one, alive, many] = places.map(({ p50s }) => median(p50s));
  if (one === undefined || alive === undefined || many === undefined) throw new Error('there are three rooms');
  const early = tooEarly(attempts);
  const most = Math.max(...[...attempts.values()].map((times) => times.length));
  const lines = [
    `A local user sends m.text, one message each ${PAUSE_MS} ms, until it is acknowledged. Of the ${DEAD} servers that are away half end each connection at once and half take it and never answer. ${repetitions} repetitions of ${sends} messages in ABBA order, a minute and a half after the first; medians of the repetitions' medians, least and most in brackets. Synapse is not compared: the target is a ratio of Eyrie to itself. ${isPinned ? 'Server on processor 0, generator and stub on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(
      ['room', 'acknowledged, p50 ms', 'the first messages, p50 ms'],
      places.map(({ name, p50s, first }) => [name, withSpread(p50s), first.toFixed(1)]),
    ),
    '',
    `- At most ${TARGET_RATIO} times as long with ${DEAD} of ${DESTINATIONS} servers away: ${(many / one).toFixed(2)} times, ${verdict(many <= TARGET_RATIO * one)}. With those alone that are there: ${(alive / one).toFixed(2)} times.`,
    `- None of them tried before its back-off: ${early} of ${[...attempts.values()].flat().length} tries were (${attempts.size} servers, each at most ${most} times), ${verdict(early === 0)}.`,
  ];
  return { title: 'W8-dead servers that are away', lines };
}
