import type { Homeserver } from '../../test/support/node/homeserver.ts';
import type { MatrixClient, SyncResponse } from '../../test/support/node/matrix-client.ts';
import { inTurns } from '../harness/in-turns.ts';
import { KeepAliveClient, parsed, type Reply } from '../harness/keep-alive-client.ts';
import { load } from '../harness/machine.ts';
import { growthDuring } from '../harness/memory.ts';
import { type Kind, kindsOf, Servers } from '../harness/servers.ts';
import { several } from '../harness/several.ts';
import { SlidingClient } from '../harness/sliding-client.ts';
import { median, ratio, withSpread } from '../harness/statistics.ts';
import { type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const TIMELINE = 20;
const WINDOW = 20;
const ROOM_VERSION = '12';
/** Of each kind of request, in a repetition; the median counts. */
const ASKED = 3;
const FILTER = JSON.stringify({
  room: { timeline: { limit: TIMELINE }, state: { lazy_load_members: true } },
  presence: { not_types: ['*'] },
});

/** What is timed, ms, but for the growth of the resident set, MiB. */
const measures = ['open', 'closed', 'window', 'lastOfAll', 'growth'] as const;
type Measure = (typeof measures)[number];

interface Reader {
  readonly client: MatrixClient;
  readonly connection: KeepAliveClient;
}

interface Site {
  readonly kind: Kind;
  readonly server: Homeserver;
  /** All are members of all rooms. */
  readonly readers: readonly Reader[];
  /** The newest event of each room. */
  readonly newest: ReadonlyMap<string, string>;
  readonly measured: Readonly<Record<Measure, number[]>>;
}

/**
 * Workload W7, initial sync: a user of 500 rooms asks for all of them with 20 events each and lazy members; for the first
 * 20 by sliding sync; and 20 users ask for everything at once.
 */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const repetitions = options.repetitions ?? (options.quick ? 2 : 5);
  const rooms = options.rooms ?? (options.quick ? 25 : 500);
  const readers = options.quick ? 4 : 20;
  const servers = await Servers.open(options.baseline);
  try {
    const sites: Site[] = [];
    for (const kind of kindsOf(options)) {
      sites.push(await openSite(servers, kind, { rooms, readers }));
      progress(`W7 ${kind}: ${readers} users are in ${rooms} rooms`);
    }
    const isPinned = servers.pin();
    for (const site of sites) await initialSync(site, 0);
    await inTurns(repetitions, sites, async (site) => {
      await round(site);
      progress(`W7 ${site.kind}: ${site.measured.open.at(-1)?.toFixed(0)} ms, load ${load()}`);
    });
    await inTurns(repetitions, sites, async (site) => {
      await site.server.stop();
      await site.server.start();
      servers.pin();
      site.measured.closed.push(await initialSync(site, 0));
      progress(`W7 ${site.kind}, closed: ${site.measured.closed.at(-1)?.toFixed(0)} ms, load ${load()}`);
    });
    for (const { connection } of sites.flatMap((site) => site.readers)) connection.close();
    return report(sites, { rooms, readers, repetitions, isPinned });
  } finally {
    await servers.close();
  }
}

async function openSite(servers: Servers, kind: Kind, counts: { rooms: number; readers: number }): Promise<Site> {
  const server = await servers.start(kind);
  const clients: MatrixClient[] = [];
  for (let index = 0; index < counts.readers; index += 1) clients.push(await servers.user(server, 'reader'));
  const newest = new Map<string, string>();
  await several(
    Array.from({ length: counts.rooms }, (_, index) => index),
    async (index) => {
      const [roomId, event] = await fillRoom(clients, index);
      newest.set(roomId, event);
    },
  );
  const readers = clients.map((client) => ({
    client,
    connection: new KeepAliveClient(server.clientUrl, client.accessToken),
  }));
  const measured = { open: [], closed: [], window: [], lastOfAll: [], growth: [] };
  return { kind, server, readers, newest, measured };
}

/** A room of all, whose newest events are messages of its members in turn. @returns it and its newest event. */
async function fillRoom(clients: readonly MatrixClient[], index: number): Promise<[string, string]> {
  const owner = clients[index % clients.length];
  if (owner === undefined) throw new Error('there is no account');
  const name = `Room ${index}`;
  const roomId = await owner.createRoom({ preset: 'public_chat', room_version: ROOM_VERSION, name });
  for (const client of clients) if (client !== owner) await client.join(roomId);
  let event = '';
  for (let message = 0; message < TIMELINE; message += 1) {
    const sender = clients[message % clients.length] ?? owner;
    event = await sender.send(roomId, `message ${message} of room ${index}, about as long as what people say`);
  }
  return [roomId, event];
}

async function round(site: Site): Promise<void> {
  const { server, readers, measured } = site;
  // While another server was measured, rooms may have been closed.
  await initialSync(site, 0);
  const [syncs, windows]: [number[], number[]] = [[], []];
  for (let asked = 0; asked < ASKED; asked += 1) syncs.push(await initialSync(site, asked));
  for (let asked = 0; asked < ASKED; asked += 1) windows.push(await firstWindow(site, asked));
  const { value: replies, mib } = await growthDuring(server, () =>
    Promise.all(readers.map(({ connection }) => ask(connection))),
  );
  for (const reply of replies) check(site, reply);
  measured.open.push(median(syncs));
  measured.window.push(median(windows));
  measured.lastOfAll.push(Math.max(...replies.map(({ ms }) => ms)));
  measured.growth.push(mib);
}

let asks = 0;

/** Synapse answers an equal initial sync of the same device from a cache for two minutes: each has another timeout. */
function ask(connection: KeepAliveClient): Promise<Reply> {
  asks += 1;
  return connection.timed('GET', `/sync?timeout=${asks}&filter=${encodeURIComponent(FILTER)}`);
}

async function initialSync(site: Site, reader: number): Promise<number> {
  const reply = await ask(readerOf(site, reader).connection);
  check(site, reply);
  return reply.ms;
}

/** Correctness gate: all rooms are there, each with its 20 newest events. */
function check({ kind, newest }: Site, reply: Reply): void {
  const rooms = Object.entries((parsed(reply) as SyncResponse).rooms?.join ?? {});
  if (rooms.length !== newest.size) throw new Error(`${kind}: ${rooms.length} of ${newest.size} rooms`);
  for (const [roomId, { timeline }] of rooms) {
    const { events } = timeline;
    const isWhole = events.length === TIMELINE && events.every(({ type }) => type === 'm.room.message');
    if (!isWhole || events.at(-1)?.event_id !== newest.get(roomId)) {
      throw new Error(`${kind}: a room has ${events.length} events that are not its newest`);
    }
  }
}

/** Correctness gate: as many rooms as the window has, each with its newest event. */
async function firstWindow(site: Site, reader: number): Promise<number> {
  const { kind, newest } = site;
  const sliding = new SlidingClient(readerOf(site, reader).client);
  // A connection that is open, as for the other requests.
  await sliding.connection.ask('GET', '/account/whoami');
  const { response, ms } = await sliding.timed(0);
  sliding.connection.close();
  const rooms = Object.entries(response.rooms ?? {});
  if (rooms.length !== Math.min(WINDOW, newest.size)) throw new Error(`${kind}: a window of ${rooms.length} rooms`);
  for (const [roomId, { timeline = [] }] of rooms) {
    if (timeline.length !== 1 || timeline[0]?.event_id !== newest.get(roomId)) {
      throw new Error(`${kind}: a room of the window lacks its newest event`);
    }
  }
  return ms;
}

function readerOf({ readers }: Site, index: number): Reader {
  const reader = readers[index % readers.length];
  if (reader === undefined) throw new Error('there is no account');
  return reader;
}

function report(
  sites: readonly Site[],
  counts: { rooms: number; readers: number; repetitions: number; isPinned: boolean },
): Section {
  const { rooms, readers, repetitions, isPinned } = counts;
  const of = (kind: Kind, measure: Measure) =>
    median(sites.find((site) => site.kind === kind)?.measured[measure] ?? []);
  const line = (name: string, measure: Measure, target: number, times?: number) => {
    const [ours, theirs] = [of('eyrie', measure), of('synapse', measure)];
    const aim = times === undefined ? 'times as fast as Synapse' : `at least ${times} times as fast as Synapse`;
    const outcome = times === undefined ? 'which has no target' : verdict(theirs >= times * ours);
    return `- ${name} at most ${target} ms: ${ours.toFixed(0)}, ${verdict(ours <= target)}; ${aim}: ${ratio(theirs, ours)}, ${outcome}.`;
  };
  const lines = [
    `${readers} users are in the same ${rooms} rooms (version ${ROOM_VERSION}). One asks for an initial \`/sync\` with ${TIMELINE} events a room and lazy members, just after another such request (open) and as the first request after the server started anew (closed); for the first ${WINDOW} rooms by sliding sync with one event each; and all ask for the initial \`/sync\` at once. Until the last byte of the (last) answer, over an open connection, or a new one to a server that started anew, whose code and caches are cold too. Growth is by how much the resident set of workerd, or Python, was larger while all asked than just before, when one had asked a few times. ${repetitions} repetitions in ABBA order; medians, least and most in brackets. SQLite on both. ${isPinned ? 'Servers on processor 0, generator on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(
      [
        'server',
        '`/sync`, open, ms',
        '`/sync`, closed, ms',
        'sliding window, ms',
        `last of ${readers} at once, ms`,
        'growth, MiB',
      ],
      sites.map(({ kind, measured }) => [kind, ...measures.map((measure) => withSpread(measured[measure]))]),
    ),
    '',
    line('Initial sync of open rooms', 'open', 250, 20),
    line('Initial sync of closed rooms', 'closed', 250, 20),
    line('Sliding window', 'window', 15, 20),
    line(`Last of ${readers} at once`, 'lastOfAll', 5000),
  ];
  return { title: 'W7 initial sync', lines };
}
