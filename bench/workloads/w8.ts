import type { Homeserver } from '../../test/support/node/homeserver.ts';
import type { MatrixClient } from '../../test/support/node/matrix-client.ts';
import { StubNetwork } from '../../test/support/node/stub/stub-network.ts';
import type { StubRoom } from '../../test/support/node/stub/stub-room.ts';
import { KeepAliveClient } from '../harness/keep-alive-client.ts';
import { load } from '../harness/machine.ts';
import { type Kind, Servers } from '../harness/servers.ts';
import { median, percentile, ratio, withSpread } from '../harness/statistics.ts';
import { Arrivals, joinStubRoom, openStubRoom } from '../harness/stub-site.ts';
import { SyncClient, timelineOf } from '../harness/sync-client.ts';
import { type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const DESTINATIONS = 100;
const POLLERS = 200;
const PREPARING = 8;
const PAUSE_MS = 100;
const GIVE_UP_MS = 60_000;
const ROOM_VERSION = '12';

interface Site {
  readonly kind: Kind;
  readonly server: Homeserver;
  readonly sender: MatrixClient;
  readonly wide: StubRoom;
  readonly crowded: string;
  readonly pollers: readonly SyncClient[];
  readonly fanOutMs: number[];
  readonly wakeMs: number[];
}

/**
 * Workload W8, fan-out: from the start of the PUT until the last of 100 other servers has the message; and until the
 * body of the last of 200 local long polls is there.
 */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const repetitions = options.repetitions ?? (options.quick ? 2 : 5);
  const sends = options.quick ? 3 : 10;
  const servers = await Servers.open(options.baseline);
  const network = await StubNetwork.open(DESTINATIONS, servers.authority);
  const arrivals = new Arrivals(network);
  try {
    const sites = [];
    for (const kind of ['eyrie', 'synapse'] as const) {
      sites.push(await openSite(servers, network, kind));
      progress(`W8 ${kind}: ready`);
    }
    const isPinned = servers.pin();
    for (const site of sites) {
      // The first message meets servers that were never called.
      await fanOut(site, arrivals);
      await wake(site);
    }
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      for (const site of repetition % 2 === 0 ? sites : sites.toReversed()) {
        const [fanOuts, wakes]: [number[], number[]] = [[], []];
        for (let send = 0; send < sends; send += 1) fanOuts.push(await fanOut(site, arrivals));
        for (let send = 0; send < sends; send += 1) wakes.push(await wake(site));
        site.fanOutMs.push(percentile(fanOuts, 0.5));
        site.wakeMs.push(percentile(wakes, 0.5));
        progress(
          `W8 ${site.kind}: ${site.fanOutMs.at(-1)?.toFixed(0)} ms, ${site.wakeMs.at(-1)?.toFixed(0)} ms, load ${load()}`,
        );
      }
    }
    return report(sites, { repetitions, sends, isPinned });
  } finally {
    await servers.close();
    await network.close();
  }
}

async function openSite(servers: Servers, network: StubNetwork, kind: 'eyrie' | 'synapse'): Promise<Site> {
  const server = await servers.start(kind);
  const sender = await servers.user(server, 'sender');
  const wide = openStubRoom(network, network.servers, DESTINATIONS);
  await joinStubRoom(sender, wide);
  // Until the state is whole, the members are not told.
  await sender.joinedMembers(wide.roomId);
  const crowded = await sender.createRoom({ preset: 'public_chat', room_version: ROOM_VERSION });
  const members: MatrixClient[] = [];
  const waiting = Array.from({ length: POLLERS }, (_, index) => index);
  await Promise.all(
    Array.from({ length: PREPARING }, async () => {
      while (waiting.pop() !== undefined) {
        const member = await servers.user(server, 'poller');
        await member.join(crowded);
        members.push(member);
      }
    }),
  );
  const pollers: SyncClient[] = [];
  for (const member of members) pollers.push(await SyncClient.open(member));
  return { kind, server, sender, wide, crowded, pollers, fanOutMs: [], wakeMs: [] };
}

async function fanOut({ sender, wide }: Site, arrivals: Arrivals): Promise<number> {
  const body = `to all servers, ${sender.nextTxnId()}`;
  const arrived = arrivals.ofAll(wide.servers, body, GIVE_UP_MS);
  const start = performance.now();
  await sender.send(wide.roomId, body);
  const end = await arrived;
  await pause();
  return end - start;
}

async function wake({ sender, crowded, pollers }: Site): Promise<number> {
  const connection = new KeepAliveClient(sender.baseUrl, sender.accessToken);
  const body = `to all here, ${sender.nextTxnId()}`;
  const polls = pollers.map(async (poller) => {
    for (;;) {
      const response = await poller.poll();
      const now = performance.now();
      if (timelineOf(response, crowded).some(({ content }) => content['body'] === body)) return now;
    }
  });
  await pause();
  await pause();
  const path = `/rooms/${encodeURIComponent(crowded)}/send/m.room.message/${sender.nextTxnId()}`;
  const start = performance.now();
  await connection.ask('PUT', path, { msgtype: 'm.text', body });
  const ends = await Promise.all(polls);
  connection.close();
  return Math.max(...ends) - start;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

function report(
  sites: readonly Site[],
  { repetitions, sends, isPinned }: { repetitions: number; sends: number; isPinned: boolean },
): Section {
  const rows = sites.map(({ kind, fanOutMs, wakeMs }) => [kind, withSpread(fanOutMs), withSpread(wakeMs)]);
  const of = (kind: Kind, what: 'fanOutMs' | 'wakeMs') =>
    median(sites.find((site) => site.kind === kind)?.[what] ?? []);
  const line = (name: string, what: 'fanOutMs' | 'wakeMs', target: number, times: number) => {
    const [ours, theirs] = [of('eyrie', what), of('synapse', what)];
    return `- ${name} at most ${target} ms: ${ours.toFixed(1)}, ${verdict(ours <= target)}; at least ${times} times as fast as Synapse: ${ratio(theirs, ours)}, ${verdict(theirs >= times * ours)}.`;
  };
  const lines = [
    `A local user sends m.text into a room with a member on each of ${DESTINATIONS} stub servers; and into one with ${POLLERS} local members who long-poll. From the start of the PUT until the last has it. ${repetitions} repetitions of ${sends} messages, one in flight, in ABBA order; medians of the repetitions' medians, least and most in brackets. TLS, SQLite on both. ${isPinned ? 'Servers on processor 0, generator and stub on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(['server', `last of ${DESTINATIONS} servers, ms`, `last of ${POLLERS} long polls, ms`], rows),
    '',
    line(`Last of ${DESTINATIONS} servers`, 'fanOutMs', 150, 8),
    line(`Last of ${POLLERS} long polls`, 'wakeMs', 60, 10),
  ];
  return { title: 'W8 fan-out', lines };
}
