import type { MatrixClient } from '../../test/support/node/matrix-client.ts';
import { until } from '../../test/support/node/until.ts';
import { inTurns } from '../harness/in-turns.ts';
import { KeepAliveClient, parsed } from '../harness/keep-alive-client.ts';
import { load } from '../harness/machine.ts';
import { type Kind, kindsOf, Servers } from '../harness/servers.ts';
import { several } from '../harness/several.ts';
import { median, percentile, ratio, withSpread } from '../harness/statistics.ts';
import { type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const OWNERS = 20;
/** How many rooms a search finds. */
const ROOMS_A_WORD = 10;
const LIMIT = 20;
const TARGET_MS = 6;
const TARGET_RATIO = 8;
const ROOM_VERSION = '12';
const LISTED_WITHIN_MS = 60_000;

interface Site {
  readonly kind: Kind;
  readonly connection: KeepAliveClient;
  /** p50 and p99 of each repetition, ms */
  readonly p50: number[];
  readonly p99: number[];
}

/** Workload W11b: a search in the directory of a server with 10,000 public rooms, of which it finds ten. */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const words = Math.floor((options.rooms ?? (options.quick ? 100 : 10_000)) / ROOMS_A_WORD);
  if (words < 1) throw new Error(`W11b needs at least ${ROOMS_A_WORD} rooms`);
  const repetitions = options.repetitions ?? (options.quick ? 2 : 5);
  const searches = options.quick ? 20 : 100;
  const servers = await Servers.open(options.baseline);
  try {
    const kinds = kindsOf(options);
    const sites: Site[] = [];
    for (const kind of kinds) {
      sites.push(await openSite(servers, kind, words));
      progress(`W11b ${kind}: all rooms are listed`);
    }
    const isPinned = servers.pin();
    for (const site of sites) await round(site, { words, searches: 20 });
    await inTurns(repetitions, sites, async (site) => {
      const times = await round(site, { words, searches });
      site.p50.push(percentile(times, 0.5));
      site.p99.push(percentile(times, 0.99));
      progress(`W11b ${site.kind}: p50 ${site.p50.at(-1)?.toFixed(1)} ms, load ${load()}`);
    });
    for (const { connection } of sites) connection.close();
    return report(sites, { rooms: words * ROOMS_A_WORD, repetitions, searches, isPinned });
  } finally {
    await servers.close();
  }
}

async function openSite(servers: Servers, kind: Kind, words: number): Promise<Site> {
  const server = await servers.start(kind);
  const owners: MatrixClient[] = [];
  for (let index = 0; index < OWNERS; index += 1) owners.push(await servers.user(server, 'owner'));
  await several(
    Array.from({ length: words }, (_, index) => index),
    async (word) => {
      for (const name of namesOf(word)) {
        await owners[word % OWNERS]?.createRoom({
          preset: 'public_chat',
          visibility: 'public',
          room_version: ROOM_VERSION,
          name,
          topic: 'What there is to say about the weather, ships and their cargo',
        });
      }
    },
  );
  const reader = await servers.user(server, 'reader');
  const connection = new KeepAliveClient(server.clientUrl, reader.accessToken);
  for (let word = 0; word < words; word += 1) {
    const isListed = async () => (await search(connection, word)).names.length === ROOMS_A_WORD;
    await until(`${kind}: the rooms of ${textOf(word)} to be listed`, isListed, LISTED_WITHIN_MS);
  }
  return { kind, connection, p50: [], p99: [] };
}

/** None is a part of another. */
const textOf = (word: number): string => `harbour${String(word).padStart(6, '0')}`;

const namesOf = (word: number): string[] =>
  Array.from({ length: ROOMS_A_WORD }, (_, index) => `Pier ${index} of ${textOf(word)}`);

async function search(connection: KeepAliveClient, word: number): Promise<{ names: string[]; ms: number }> {
  const filter = { generic_search_term: textOf(word) };
  const reply = await connection.timed('POST', '/publicRooms', { limit: LIMIT, filter });
  const { chunk } = parsed(reply) as { chunk: { name?: string }[] };
  return { names: chunk.map(({ name }) => name ?? '').toSorted(), ms: reply.ms };
}

/** Correctness gate: the rooms with the word, and no others. @returns how long each search took, ms. */
async function round(
  { kind, connection }: Site,
  { words, searches }: { words: number; searches: number },
): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < searches; index += 1) {
    const word = Math.floor((index * words) / searches);
    const { names, ms } = await search(connection, word);
    if (names.join() !== namesOf(word).join()) throw new Error(`${kind}: a search found ${names.join(', ')}`);
    times.push(ms);
  }
  return times;
}

function report(
  sites: readonly Site[],
  {
    rooms,
    repetitions,
    searches,
    isPinned,
  }: { rooms: number; repetitions: number; searches: number; isPinned: boolean },
): Section {
  const of = (kind: Kind) => median(sites.find((site) => site.kind === kind)?.p50 ?? []);
  const [ours, theirs] = [of('eyrie'), of('synapse')];
  const lines = [
    `\`POST /publicRooms\` with a search term that is in the names of ${ROOMS_A_WORD} of ${rooms} published rooms, until the last byte. ${repetitions} repetitions of ${searches} searches, one in flight, in ABBA order; medians of the repetitions, least and most in brackets. SQLite on both. ${isPinned ? 'Servers on processor 0, generator on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(
      ['server', 'search, p50 ms', 'search, p99 ms'],
      sites.map(({ kind, p50, p99 }) => [kind, withSpread(p50), withSpread(p99)]),
    ),
    '',
    `- p50 at most ${TARGET_MS} ms: ${ours.toFixed(1)}, ${verdict(ours <= TARGET_MS)}; at least ${TARGET_RATIO} times as fast as Synapse: ${ratio(theirs, ours)}, ${verdict(theirs >= TARGET_RATIO * ours)}.`,
  ];
  return { title: 'W11b public rooms', lines };
}
