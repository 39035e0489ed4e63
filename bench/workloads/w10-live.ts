import type { EventId, UserId } from '../../src/matrix/ids/brands.ts';
import { StubNetwork } from '../../test/support/node/stub/stub-network.ts';
import type { StubEvent, StubRoom } from '../../test/support/node/stub/stub-room.ts';
import { StubSender } from '../../test/support/node/stub/stub-sender.ts';
import { load } from '../harness/machine.ts';
import { type Kind, Servers } from '../harness/servers.ts';
import { median, percentile, ratio, withSpread } from '../harness/statistics.ts';
import { enterStubRoom } from '../harness/stub-site.ts';
import { SyncClient, timelineOf } from '../harness/sync-client.ts';
import { type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const SERVERS = 10;
const PDUS = 50;
const TARGET_MS = 8;
const TARGET_RATIO = 50;
const GIVE_UP_MS = 120_000;
const KINDS = ['eyrie', 'synapse'] as const;

interface Site {
  readonly kind: Kind;
  readonly room: StubRoom;
  readonly sender: StubSender;
  readonly observer: SyncClient;
  readonly times: number[];
  /** Members before this one have changed their profile on two branches already. */
  used: number;
}

/**
 * Workload W10, live: a room is forked, with members who changed their profile on both branches; the clock runs from the
 * start of the transaction with one PDU that has both ends as `prev_events` until it is in the `/sync` of a local user.
 */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const members = options.members ?? (options.quick ? 500 : 10_000);
  const conflicts = options.quick ? 20 : 100;
  const repetitions = options.repetitions ?? (options.quick ? 4 : 10);
  const servers = await Servers.open(options.baseline);
  const network = await StubNetwork.open(SERVERS, servers.authority);
  try {
    const sites: Site[] = [];
    for (const kind of KINDS) {
      const server = await servers.start(kind);
      const user = await servers.user(server, 'observer');
      const room = await enterStubRoom(user, network, members);
      const observer = await SyncClient.open(user);
      const sender = new StubSender(server.serverName, servers.authority.caPem);
      sites.push({ kind, room, sender, observer, times: [], used: 1 });
      progress(`W10-live ${kind}: is in the room`);
    }
    const isPinned = servers.pin();
    for (const site of sites) await merge(site, 2);
    for (const site of sites) site.times.length = 0;
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      for (const site of repetition % 2 === 0 ? sites : sites.toReversed()) {
        await merge(site, conflicts);
        progress(`W10-live ${site.kind}: ${site.times.at(-1)?.toFixed(0)} ms, load ${load()}`);
      }
    }
    for (const { sender } of sites) sender.close();
    return report(sites, { members, conflicts, repetitions, isPinned });
  } finally {
    await servers.close();
    await network.close();
  }
}

/** Forks the room, and joins the branches again. */
async function merge(site: Site, conflicts: number): Promise<void> {
  const { room, sender } = site;
  const base = room.newest.eventId;
  const changed = room.members.slice(site.used, site.used + conflicts);
  site.used += conflicts;
  const [creator] = room.members;
  if (creator === undefined || changed.length < conflicts) throw new Error('the room has too few members');
  const ends: EventId[] = [];
  for (const branch of ['left', 'right']) {
    let last = base;
    const events = changed.map(({ userId }) => {
      const event = profileChange(room, userId, `${branch} ${site.used}`, last);
      last = event.eventId;
      return event;
    });
    await push(site, events);
    ends.push(last);
  }
  const content = { msgtype: 'm.text', body: 'both' };
  const joint = room.add({ type: 'm.room.message', sender: creator.userId, content, prevEvents: ends });
  const seen = untilSeen(site, joint.eventId);
  const start = performance.now();
  const pushed = sender.push(creator.server, [joint]);
  site.times.push((await seen) - start);
  await pushed;
}

function profileChange(room: StubRoom, userId: UserId, displayname: string, after: EventId): StubEvent {
  const content = { membership: 'join', displayname };
  return room.make({ type: 'm.room.member', sender: userId, stateKey: userId, content, prevEvents: [after] });
}

/** In transactions of the first server, and until the last is in `/sync`. */
async function push(site: Site, events: readonly StubEvent[]): Promise<void> {
  const [origin] = site.room.servers;
  const last = events.at(-1);
  if (origin === undefined || last === undefined) throw new Error('there is nothing to push');
  const seen = untilSeen(site, last.eventId);
  for (let at = 0; at < events.length; at += PDUS) await site.sender.push(origin, events.slice(at, at + PDUS));
  await seen;
}

async function untilSeen({ kind, observer, room }: Site, eventId: string): Promise<number> {
  const end = performance.now() + GIVE_UP_MS;
  while (performance.now() < end) {
    const response = await observer.poll();
    const now = performance.now();
    if (timelineOf(response, room.roomId).some((event) => event.event_id === eventId)) return now;
  }
  throw new Error(`${kind} does not show ${eventId}`);
}

function report(
  sites: readonly Site[],
  facts: { members: number; conflicts: number; repetitions: number; isPinned: boolean },
): Section {
  const { members, conflicts, repetitions, isPinned } = facts;
  const of = (kind: Kind) => median(sites.find((site) => site.kind === kind)?.times ?? []);
  const [ours, theirs] = [of('eyrie'), of('synapse')];
  const lines = [
    `A room (version 12) of ${members} members of ${SERVERS} stub servers is forked: ${conflicts} members changed their profile on each of two branches. From the start of the transaction with one message that has both ends as prev_events until it is in the \`/sync\` of a local user who long-polls. ${repetitions} repetitions in ABBA order, each with other members; median, least and most in brackets. TLS, SQLite on both. ${isPinned ? 'Servers on processor 0, generator and stub on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(
      ['server', 'until visible, ms', 'p90, ms'],
      sites.map(({ kind, times }) => [kind, withSpread(times), percentile(times, 0.9).toFixed(1)]),
    ),
    '',
    `- ${conflicts}x2 conflicts, visible within ${TARGET_MS} ms (the aim with delta state): ${ours.toFixed(1)}, ${verdict(ours <= TARGET_MS)}; at least ${TARGET_RATIO} times as fast as Synapse: ${ratio(theirs, ours)}, ${verdict(theirs >= TARGET_RATIO * ours)}.`,
  ];
  return { title: 'W10 live: an event that joins two branches', lines };
}
