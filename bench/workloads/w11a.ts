import type { ServerName } from '../../src/matrix/ids/brands.ts';
import { buildXMatrix } from '../../src/matrix/crypto/x-matrix.ts';
import type { ClientEvent, MatrixClient } from '../../test/support/node/matrix-client.ts';
import { answerForRoom } from '../../test/support/node/stub/answer-for-room.ts';
import { StubNetwork } from '../../test/support/node/stub/stub-network.ts';
import { StubRoom } from '../../test/support/node/stub/stub-room.ts';
import { KeepAliveClient } from '../harness/keep-alive-client.ts';
import { load } from '../harness/machine.ts';
import { type Kind, Servers } from '../harness/servers.ts';
import { percentile, ratio } from '../harness/statistics.ts';
import { joinStubRoom } from '../harness/stub-site.ts';
import { timedRequest } from '../harness/timed-request.ts';
import { type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const MEMBERS = 20;
const LIMIT = 100;
const SENDERS = 8;
const TARGET_RATIO = 10;
const TARGETS = { serve: 6, ask: 40 } as const;
const GIVE_UP_MS = 60_000;
const KINDS = ['eyrie', 'synapse'] as const;

type Part = keyof typeof TARGETS;

interface Site {
  readonly kind: Kind;
  readonly serverName: string;
  readonly user: MatrixClient;
  readonly connection: KeepAliveClient;
  readonly ca: string;
  readonly room: StubRoom;
  readonly times: Readonly<Record<Part, number[]>>;
  /** Where the history goes on that the server has to ask for. */
  from: string | undefined;
  /** The newest event, from which another server asks. */
  newest: string;
}

/**
 * Workload W11a, backfill: another server asks for the last 100 events of a room; and a local user pages through history
 * from before the join, of which each page is asked of another server.
 */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const events = options.events ?? (options.quick ? 500 : 10_000);
  // One page goes before the first that counts, and the page with the join has some of them.
  const rounds = Math.min(options.quick ? 4 : 20, Math.floor(events / LIMIT) - 2);
  if (rounds < 1) throw new Error(`W11a needs at least ${3 * LIMIT} events`);
  const servers = await Servers.open(options.baseline);
  const network = await StubNetwork.open(1, servers.authority);
  try {
    const sites: Site[] = [];
    for (const kind of KINDS) {
      sites.push(await openSite(servers, network, kind, events));
      progress(`W11a ${kind}: ready`);
    }
    const isPinned = servers.pin();
    for (const site of sites) for (const part of ['serve', 'ask'] as const) await measure(site, part);
    for (const { times } of sites) times.serve.length = times.ask.length = 0;
    for (const part of ['serve', 'ask'] as const) {
      for (let round = 0; round < rounds; round += 1) {
        for (const site of round % 2 === 0 ? sites : sites.toReversed()) await measure(site, part);
      }
      for (const { kind, times } of sites)
        progress(`W11a ${part}, ${kind}: ${summary(times[part])} ms, load ${load()}`);
    }
    for (const { connection } of sites) connection.close();
    return report(sites, { events, rounds, isPinned });
  } finally {
    await servers.close();
    await network.close();
  }
}

async function openSite(
  servers: Servers,
  network: StubNetwork,
  kind: (typeof KINDS)[number],
  events: number,
): Promise<Site> {
  const server = await servers.start(kind);
  const user = await servers.user(server, 'reader');
  const room = StubRoom.make(network.servers, MEMBERS);
  for (let index = 0; index < events; index += 1) {
    const member = room.members[index % room.members.length];
    if (member !== undefined) room.say(member.userId, `before, ${index}`);
  }
  network.handle(answerForRoom(room));
  await joinStubRoom(user, room);
  const connection = new KeepAliveClient(user.baseUrl, user.accessToken);
  const newest = await sayAll(user, room.roomId, events);
  const site = {
    kind,
    serverName: server.serverName,
    user,
    connection,
    ca: servers.authority.caPem,
    room,
    times: { serve: [], ask: [] },
    from: undefined,
    newest,
  };
  return { ...site, from: await endOfOurs(site) };
}

/** @returns the last event. */
async function sayAll(user: MatrixClient, roomId: string, events: number): Promise<string> {
  let left = events;
  const speak = async () => {
    while (left > 0) {
      left -= 1;
      await user.send(roomId, `after, ${left}`);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, speak));
  const { event_id: newest } = await user.request<{ event_id: string }>(
    'PUT',
    `/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${user.nextTxnId()}`,
    { msgtype: 'm.text', body: 'the last one' },
  );
  return newest;
}

/** Pages back to the join. @returns the token of what lies before it. */
async function endOfOurs({ connection, room, user }: Pick<Site, 'connection' | 'room' | 'user'>): Promise<string> {
  let from: string | undefined;
  for (;;) {
    const page = await pageOf(connection, room.roomId, from);
    if (page.end === undefined) throw new Error('the history ends with the join');
    from = page.end;
    if (page.chunk.some(({ type, sender }) => type === 'm.room.member' && sender === user.userId)) return from;
  }
}

function pageOf(
  connection: KeepAliveClient,
  roomId: string,
  from: string | undefined,
): Promise<{ chunk: ClientEvent[]; end?: string }> {
  const token = from === undefined ? '' : `&from=${encodeURIComponent(from)}`;
  return connection.ask('GET', `/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=${LIMIT}${token}`);
}

async function measure(site: Site, part: Part): Promise<void> {
  site.times[part].push(await (part === 'serve' ? serve(site) : ask(site)));
}

/** Correctness gate: 100 events. */
async function serve({ room, serverName, ca, newest, kind }: Site): Promise<number> {
  const [origin] = room.servers;
  if (origin === undefined) throw new Error('there is a server');
  const target = `/_matrix/federation/v1/backfill/${encodeURIComponent(room.roomId)}?v=${encodeURIComponent(newest)}&limit=${LIMIT}`;
  const destination = serverName as ServerName;
  const signed = { method: 'GET', uri: target, origin: origin.name, destination, content: undefined };
  const authorization = buildXMatrix(signed, origin.signingKey);
  const url = `https://${serverName}${target}`;
  const answer = await timedRequest({ url, method: 'GET', ca, authorization, body: undefined });
  const { pdus } = JSON.parse(answer.text) as { pdus?: unknown[] };
  if (pdus?.length !== LIMIT) throw new Error(`${kind}: ${answer.status}, ${pdus?.length} events`);
  return answer.lastByteMs;
}

/** Until the next 100 events are shown, however many requests that takes. */
async function ask(site: Site): Promise<number> {
  const { connection, room, kind } = site;
  const start = performance.now();
  for (let shown = 0; performance.now() - start < GIVE_UP_MS;) {
    const page = await pageOf(connection, room.roomId, site.from);
    shown += page.chunk.length;
    site.from = page.end ?? site.from;
    if (shown >= LIMIT) return performance.now() - start;
    if (page.end === undefined) break;
  }
  throw new Error(`${kind} does not show the history`);
}

const summary = (times: readonly number[]): string =>
  `p50 ${percentile(times, 0.5).toFixed(1)}, p99 ${percentile(times, 0.99).toFixed(1)}`;

function report(
  sites: readonly Site[],
  { events, rounds, isPinned }: { events: number; rounds: number; isPinned: boolean },
): Section {
  const of = (kind: Kind, part: Part) => percentile(sites.find((site) => site.kind === kind)?.times[part] ?? [], 0.5);
  const line = (name: string, part: Part) => {
    const [ours, theirs] = [of('eyrie', part), of('synapse', part)];
    return `- ${name} within ${TARGETS[part]} ms: ${ours.toFixed(1)}, ${verdict(ours <= TARGETS[part])}; at least ${TARGET_RATIO} times as fast as Synapse: ${ratio(theirs, ours)}, ${verdict(theirs >= TARGET_RATIO * ours)}.`;
  };
  const lines = [
    `A room with ${events} messages from before a join and ${events} after it. Serve: a stub server asks for the last ${LIMIT} of them, over a connection of its own, until the last byte. Ask: a local user pages on into the history from before the join, ${LIMIT} events a page, which the server has to ask the stub for, until they are there. ${rounds} of each in ABBA order. TLS, SQLite on both. ${isPinned ? 'Servers on processor 0, generator and stub on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(
      ['server', 'serve, ms', 'ask until visible, ms'],
      sites.map(({ kind, times }) => [kind, summary(times.serve), summary(times.ask)]),
    ),
    '',
    line('Serve', 'serve'),
    line('Ask', 'ask'),
  ];
  return { title: 'W11a backfill', lines };
}
