import { textOfEvent } from '../../matrix/discovery/event-text.ts';
import { isSought, wordsOf, writtenWords } from '../../matrix/discovery/words.ts';
import { MatrixError, unavailable } from '../../matrix/error.ts';
import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import type { EventFilter } from '../../matrix/event/event-filter.ts';
import type { EventId, RoomId, UserId } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import type { Candidate, ConfirmedEvent, ContextWanted, SearchCandidates, SearchedRooms } from './search-ports.ts';
import { searchToken, type GroupKey, type SearchGroup, type SearchPoint } from './search-token.ts';

export interface SearchDeps {
  readonly candidates: SearchCandidates;
  readonly rooms: SearchedRooms;
  /** Rooms that a user is in or was in. */
  readonly roomsOf: (userId: UserId) => Promise<readonly RoomId[]>;
}

export interface MessageSearch {
  readonly userId: UserId;
  readonly scope: string;
  readonly ignoredUsers: readonly UserId[];
  readonly term: string;
  readonly types: readonly string[];
  readonly order: 'recent' | 'rank';
  readonly limit: number;
  readonly from: SearchPoint | undefined;
  readonly senders: readonly string[] | undefined;
  readonly notSenders: readonly string[] | undefined;
  readonly isIn: (roomId: RoomId) => boolean;
  readonly filter: EventFilter;
  readonly context: ContextWanted | undefined;
  readonly groupBy: readonly GroupKey[];
  readonly includeState: boolean;
}

export interface FoundMessage extends ConfirmedEvent {
  readonly roomId: RoomId;
  readonly rank: number;
}

export interface FoundGroup {
  readonly order: number;
  readonly results: readonly EventId[];
  readonly next_batch?: string;
}

export interface FoundMessages {
  readonly results: readonly FoundMessage[];
  readonly count: number;
  readonly highlights: readonly string[];
  readonly next: string | undefined;
  readonly groups: Readonly<Partial<Record<GroupKey, Readonly<Record<string, FoundGroup>>>>>;
  readonly state: readonly { readonly roomId: RoomId; readonly events: readonly ClientEventWithoutRoomId[] }[];
}

/** Of a longer sentence the first words count. */
const MAX_WORDS = 16;
/** Candidates that are confirmed at a time, and how often, for one page. */
const BATCH = 50;
const MAX_BATCHES = 5;
const MAX_HIGHLIGHTS = 100;
/** Rooms that are told for one search to fill in what was there before the database. */
const MAX_FILLED = 16;

const NOTHING: FoundMessages = { results: [], count: 0, highlights: [], next: undefined, groups: {}, state: [] };

/**
 * A page of the messages, names and topics that say all of the words. The database finds candidates; the rooms say
 * which of them the user may see, and only what they see counts. Throws 503 where the database does not answer.
 * Source: Client-Server API, "Server Side Search".
 */
export async function searchMessages(deps: SearchDeps, query: MessageSearch): Promise<FoundMessages> {
  const words = [...new Set(wordsOf(query.term))].slice(0, MAX_WORDS);
  const group = query.from?.group;
  const isInGroup = (roomId: RoomId) => group?.key !== 'room_id' || group.value === roomId;
  const roomIds = (await deps.roomsOf(query.userId)).filter((roomId) => query.isIn(roomId) && isInGroup(roomId));
  if (words.length === 0 || roomIds.length === 0 || query.types.length === 0) return NOTHING;
  const lacking = await answered(deps.candidates.lacking(roomIds, MAX_FILLED));
  // For later searches: a room that cannot begin now keeps nobody from searching the others.
  await Promise.allSettled(lacking.map((roomId) => deps.rooms.fillSearch({ roomId })));
  const found = await pageOf(deps, query, { words, roomIds });
  const { results, point } = found;
  return {
    results,
    count: found.count,
    highlights: highlightsOf(results, words),
    next: point === undefined ? undefined : searchToken({ ...point, group }),
    groups: Object.fromEntries(query.groupBy.map((key) => [key, groupsBy(key, results, point)])),
    state: query.includeState ? await statesOf(deps, query, results) : [],
  };
}

interface Page {
  readonly results: readonly FoundMessage[];
  readonly count: number;
  /** Where the next page begins; `undefined`: there is none. */
  readonly point: Omit<SearchPoint, 'group'> | undefined;
}

async function pageOf(
  deps: SearchDeps,
  query: MessageSearch,
  sought: { readonly words: readonly string[]; readonly roomIds: readonly RoomId[] },
): Promise<Page> {
  const { order, from, types, notSenders } = query;
  const senders = sendersIn(query);
  const results: FoundMessage[] = [];
  let point = { after: order === 'recent' ? from?.after : undefined, offset: from?.offset ?? 0 };
  let count = 0;
  for (let batches = 0; batches < MAX_BATCHES; batches += 1) {
    const asked = { ...sought, types, senders, notSenders, order, ...point, limit: BATCH };
    const answer = await answered(deps.candidates.find(asked));
    count = Math.max(count, answer.count);
    const confirmed = await confirm(deps, query, sought.words, answer.found);
    for (const [index, candidate] of answer.found.entries()) {
      point = { after: candidate.place, offset: point.offset + 1 };
      const message = confirmed.get(candidate.eventId);
      if (message !== undefined) results.push(message);
      const isLast = index === answer.found.length - 1 && answer.found.length < BATCH;
      if (results.length === query.limit && !isLast) return { results, count, point };
    }
    if (answer.found.length < BATCH) {
      return { results, count: from === undefined ? results.length : count, point: undefined };
    }
  }
  return { results, count, point };
}

function sendersIn({ senders, from }: MessageSearch): readonly string[] | undefined {
  const group = from?.group;
  if (group?.key !== 'sender') return senders;
  return senders === undefined || senders.includes(group.value) ? [group.value] : [];
}

/** Asks the rooms of the candidates, each once, for what the user may see, and looks whether that says the words. */
async function confirm(
  { rooms }: SearchDeps,
  query: MessageSearch,
  words: readonly string[],
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<EventId, FoundMessage>> {
  const { userId, scope, filter, ignoredUsers, context } = query;
  const byRoom = Map.groupBy(candidates, ({ roomId }) => roomId);
  const ranks = new Map(candidates.map(({ eventId, rank }) => [eventId, rank]));
  const confirmed = await Promise.all(
    [...byRoom].map(async ([roomId, found]) => {
      const eventIds = found.map(({ eventId }) => eventId);
      const call = { roomId, userId, scope, filter, ignoredUsers, context, eventIds };
      const shown = await unlessRefused(rooms.confirmFound(call));
      return shown.filter(({ event }) => says(event, words)).map((each) => ({ ...each, roomId }));
    }),
  );
  return new Map(
    confirmed.flat().map((each) => [each.event.event_id, { ...each, rank: ranks.get(each.event.event_id) ?? 0 }]),
  );
}

/** Of a room that the user has forgotten, or that is no more, nothing is found. */
async function unlessRefused<T>(call: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof MatrixError && (error.status === 403 || error.status === 404)) return [];
    throw error;
  }
}

async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch {
    throw unavailable('The search does not answer at the moment');
  }
}

/** What a user sees of an event: with its newest edit, if there is one for them. */
function shownText({ type, content, unsigned }: ClientEventWithoutRoomId): string {
  const relations = unsigned?.['m.relations'] as { readonly 'm.replace'?: ClientEventWithoutRoomId } | undefined;
  const edited = relations?.['m.replace']?.content['m.new_content'];
  return textOfEvent(type, isJsonObject(edited) ? edited : content);
}

function says(event: ClientEventWithoutRoomId, words: readonly string[]): boolean {
  const said = wordsOf(shownText(event));
  return words.every((sought) => said.some((word) => isSought(sought, word)));
}

function highlightsOf(results: readonly FoundMessage[], words: readonly string[]): readonly string[] {
  const written = new Set(results.flatMap(({ event }) => writtenWords(shownText(event), words)));
  return [...written].slice(0, MAX_HIGHLIGHTS);
}

function groupsBy(key: GroupKey, results: readonly FoundMessage[], point: Page['point']): Record<string, FoundGroup> {
  const valueOf = ({ roomId, event }: FoundMessage) => (key === 'room_id' ? roomId : event.sender);
  const groups = [...Map.groupBy(results, valueOf)].map(([value, found], index) => {
    const group: SearchGroup = { key, value };
    const next = point === undefined ? {} : { next_batch: nextIn(group, found, point) };
    return [value, { order: index + 1, results: found.map(({ event }) => event.event_id), ...next }] as const;
  });
  return Object.fromEntries(groups);
}

/** By rank, a group is counted by itself. */
function nextIn(group: SearchGroup, found: readonly FoundMessage[], point: Omit<SearchPoint, 'group'>): string {
  return searchToken({ after: point.after, offset: found.length, group });
}

/** Of each room in the results, as it is for the user. */
async function statesOf(
  { rooms }: SearchDeps,
  { userId, scope }: MessageSearch,
  results: readonly FoundMessage[],
): Promise<FoundMessages['state']> {
  const roomIds = [...new Set(results.map(({ roomId }) => roomId))];
  return Promise.all(
    roomIds.map(async (roomId) => ({
      roomId,
      events: await unlessRefused(rooms.readState({ roomId, userId, scope })),
    })),
  );
}
