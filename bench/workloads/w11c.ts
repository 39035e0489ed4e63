import type { ClientEvent, MatrixClient } from '../../test/support/node/matrix-client.ts';
import { inTurns } from '../harness/in-turns.ts';
import { KeepAliveClient, parsed } from '../harness/keep-alive-client.ts';
import { load } from '../harness/machine.ts';
import { type Kind, kindsOf, Servers } from '../harness/servers.ts';
import { median, percentile, ratio, withSpread } from '../harness/statistics.ts';
import { type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const LIMIT = 100;
const MEMBERS = 5;
const TARGET_MS = 4;
const TARGET_RATIO = 8;
const ROOM_VERSION = '12';

interface Site {
  readonly kind: Kind;
  readonly roomId: string;
  readonly connection: KeepAliveClient;
  /** p50 and p99 of each repetition, ms */
  readonly p50: number[];
  readonly p99: number[];
}

interface Page {
  readonly chunk: readonly ClientEvent[];
  readonly end?: string;
}

/** Workload W11c: a member pages back through the messages of a room, 100 events a page. */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const events = options.events ?? (options.quick ? 500 : 10_000);
  if (events < LIMIT) throw new Error(`W11c needs at least ${LIMIT} events`);
  const repetitions = options.repetitions ?? (options.quick ? 2 : 5);
  const servers = await Servers.open(options.baseline);
  try {
    const kinds = kindsOf(options);
    const sites: Site[] = [];
    for (const kind of kinds) {
      sites.push(await openSite(servers, kind, events));
      progress(`W11c ${kind}: ready`);
    }
    const isPinned = servers.pin();
    for (const site of sites) await walk(site, events);
    await inTurns(repetitions, sites, async (site) => {
      const times = await walk(site, events);
      site.p50.push(percentile(times, 0.5));
      site.p99.push(percentile(times, 0.99));
      progress(`W11c ${site.kind}: p50 ${site.p50.at(-1)?.toFixed(1)} ms, load ${load()}`);
    });
    for (const { connection } of sites) connection.close();
    return report(sites, { events, repetitions, isPinned });
  } finally {
    await servers.close();
  }
}

/** A room of a few members who speak in turn, one after the other: the messages are in the order of their numbers. */
async function openSite(servers: Servers, kind: Kind, events: number): Promise<Site> {
  const server = await servers.start(kind);
  const members: MatrixClient[] = [];
  for (let index = 0; index < MEMBERS; index += 1) members.push(await servers.user(server, 'member'));
  const [owner, ...others] = members;
  if (owner === undefined) throw new Error('there is no account');
  const roomId = await owner.createRoom({ preset: 'public_chat', room_version: ROOM_VERSION });
  for (const member of others) await member.join(roomId);
  for (let index = 0; index < events; index += 1) await members[index % MEMBERS]?.send(roomId, textOf(index));
  const connection = new KeepAliveClient(server.clientUrl, owner.accessToken);
  return { kind, roomId, connection, p50: [], p99: [] };
}

const textOf = (index: number): string => `message ${index}`;

/**
 * From the newest message back, as many whole pages of messages as there are. Correctness gate: every message is shown
 * once and in its order.
 * @returns how long each page took, ms.
 */
async function walk({ kind, roomId, connection }: Site, events: number): Promise<number[]> {
  const path = `/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=${LIMIT}`;
  const times: number[] = [];
  let from = '';
  for (let next = events - 1; next + 1 >= LIMIT;) {
    const reply = await connection.timed('GET', path + from);
    times.push(reply.ms);
    const { chunk, end } = parsed(reply) as Page;
    if (chunk.length !== LIMIT || end === undefined) throw new Error(`${kind}: a page of ${chunk.length} events`);
    for (const { content } of chunk) {
      if (content['body'] !== textOf(next)) throw new Error(`${kind}: ${textOf(next)} is not in its place`);
      next -= 1;
    }
    from = `&from=${encodeURIComponent(end)}`;
  }
  return times;
}

function report(
  sites: readonly Site[],
  { events, repetitions, isPinned }: { events: number; repetitions: number; isPinned: boolean },
): Section {
  const of = (kind: Kind) => median(sites.find((site) => site.kind === kind)?.p50 ?? []);
  const [ours, theirs] = [of('eyrie'), of('synapse')];
  const lines = [
    `A member pages back through a room of ${events} messages, \`/messages?dir=b&limit=${LIMIT}\`, from the newest message to the oldest, until the last byte of each page. ${repetitions} repetitions of such a walk of ${Math.floor(events / LIMIT)} pages, after one that is not counted, in ABBA order; medians of the repetitions, least and most in brackets. Room version ${ROOM_VERSION}, SQLite on both. ${isPinned ? 'Servers on processor 0, generator on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(
      ['server', 'page, p50 ms', 'page, p99 ms'],
      sites.map(({ kind, p50, p99 }) => [kind, withSpread(p50), withSpread(p99)]),
    ),
    '',
    `- p50 at most ${TARGET_MS} ms: ${ours.toFixed(1)}, ${verdict(ours <= TARGET_MS)}; at least ${TARGET_RATIO} times as fast as Synapse: ${ratio(theirs, ours)}, ${verdict(theirs >= TARGET_RATIO * ours)}.`,
  ];
  return { title: 'W11c messages', lines };
}
