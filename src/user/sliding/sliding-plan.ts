import { unknownPos } from '../../matrix/error.ts';
import { coversRequired, type RequiredState } from '../../matrix/event/required-state.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { AccountDataRow, DeviceStore } from '../devices/device-store.ts';
import type { TypingBoard } from '../progress/sync-plan.ts';
import {
  extensionsPlan,
  isInScope,
  type ExtensionScope,
  type ExtensionsPlan,
  type ExtensionsQuery,
  type ScopedExtensions,
} from './extensions-plan.ts';
import {
  directRooms,
  listedRoom,
  passesRoomFilter,
  roomsForLists,
  tagsForLists,
  type ListedRoom,
  type ListStores,
  type RoomFilter,
} from './list-rooms.ts';
import type { Connection, ConnectionName, Generation, SentRoom } from './sliding-store.ts';
import type { ToldRooms } from './told-typing.ts';

/** How a room that a rule matches is read. Source: MSC4186, "Combining room configs". */
export interface RoomConfig {
  readonly timelineLimit: number;
  readonly requiredState: RequiredState;
}

export interface ListQuery extends RoomConfig {
  readonly name: string;
  /** Inclusive; `undefined`: all. */
  readonly ranges: readonly (readonly [number, number])[] | undefined;
  readonly filter: RoomFilter;
}

/** A `pos` that a client came with. */
export interface GivenPos {
  readonly connection: string;
  readonly generation: number;
}

export interface SlidingQuery extends ConnectionName {
  /** `undefined`: a new connection. */
  readonly pos: GivenPos | undefined;
  readonly lists: readonly ListQuery[];
  readonly subscriptions: readonly (RoomConfig & { readonly roomId: RoomId })[];
  readonly extensions: ScopedExtensions;
  /** What of typing came with the `pos`, where that is remembered. */
  readonly toldTyping?: ToldRooms | undefined;
}

/** A room to read up to `to`, from `sent` on where the client knows the room and was in it then. */
export interface SlidingRoom {
  readonly roomId: RoomId;
  readonly membership: string;
  /** Position from which on the client has everything; `undefined`: the room is told whole. */
  readonly from: number | undefined;
  readonly to: number;
  /** What happened after it has just happened. */
  readonly liveFrom: number;
  readonly bumpStamp: number;
  readonly isDirect: boolean;
  /** Whether `isDirect` is news. */
  readonly isDirectNews: boolean;
  readonly timelineLimit: number;
  readonly required: readonly RequiredState[];
  /** What the client knows of the room. */
  readonly sent: SentRoom | undefined;
  /** The lists that show the room. */
  readonly lists: readonly string[];
  /** Where receipts are told from, which are wanted; its `pos` is `undefined` where none were told yet. */
  readonly receiptsFrom?: { readonly pos: number | undefined };
  /** All that the user keeps with the room; left out where the client has it or does not want it. */
  readonly accountData?: readonly Pick<AccountDataRow, 'type' | 'content'>[];
}

export interface SlidingPlan extends ExtensionsPlan {
  /** Of the shard. */
  readonly seq: number;
  readonly lists: Readonly<Record<string, { readonly count: number }>>;
  /** Those that may have something to tell. */
  readonly rooms: readonly SlidingRoom[];
}

const BEGINNING: Generation = { generation: 0, seq: 0, accountSeq: 0 };

/**
 * Which rooms an answer has to read, all positions taken in one turn. What a room is read from is what the client was
 * told of that room, whatever was in the lists meanwhile. Throws `M_UNKNOWN_POS`. Source: MSC4186.
 */
export function slidingPlan(stores: ListStores, typing: TypingBoard, query: SlidingQuery): SlidingPlan {
  const since = generationOf(stores, query);
  const sent = query.pos === undefined ? new Map() : stores.sliding.sentRooms(query.pos.connection, since.generation);
  const { rooms: matched, lists } = matchRooms(stores, query, sent);
  const extensions = extensionsPlan(stores, typing, { toldTyping: undefined, ...query, since, sent, matched });
  const stale = extensions.stale.map(({ roomId, room }) => [roomId, room] as const);
  const cursors = cursorsFor(stores, query.userId, matched);
  const known = { toldTyping: undefined, ...query, since, sent: new Map([...sent, ...stale]), matched, cursors };
  const rooms = [...matched.values()].flatMap((match) => planRoom(stores, match, known));
  return { seq: stores.progress.head(), lists, rooms, ...extensions };
}

/** What the client knows that comes with a `pos`. Throws `M_UNKNOWN_POS`. */
export function generationOf({ sliding }: Pick<ListStores, 'sliding'>, { pos, ...name }: PosOf): Generation {
  return pos === undefined ? BEGINNING : heldGeneration(sliding.connection(pos.connection), name, pos.generation);
}

export interface PosOf extends ConnectionName {
  readonly pos: GivenPos | undefined;
}

function heldGeneration(held: Connection | undefined, name: ConnectionName, generation: number): Generation {
  const isTheirs =
    held !== undefined && held.userId === name.userId && held.deviceId === name.deviceId && held.connId === name.connId;
  const found = isTheirs ? [held.newest, held.base].find((one) => one.generation === generation) : undefined;
  if (found === undefined || generation === 0) throw unknownPos('The connection has ended, begin a new one');
  return found;
}

interface Match {
  readonly room: ListedRoom;
  readonly configs: RoomConfig[];
  readonly lists: string[];
  isSubscribed: boolean;
}

function matchRooms(
  stores: ListStores,
  query: SlidingQuery,
  sent: ReadonlyMap<RoomId, SentRoom>,
): { readonly rooms: ReadonlyMap<RoomId, Match>; readonly lists: SlidingPlan['lists'] } {
  const rooms = new Map<RoomId, Match>();
  const matchOf = (room: ListedRoom): Match => {
    const match = rooms.get(room.roomId) ?? { room, configs: [], lists: [], isSubscribed: false };
    rooms.set(room.roomId, match);
    return match;
  };
  const all = query.lists.length === 0 ? [] : roomsForLists(stores, query.userId, sent);
  const tags = tagsForLists(
    stores.people,
    query.userId,
    query.lists.map(({ filter }) => filter),
  );
  const lists: Record<string, { readonly count: number }> = {};
  for (const list of query.lists) {
    const shown = all.filter((room) => passesRoomFilter(list.filter, room, tags));
    lists[list.name] = { count: shown.length };
    for (const [at, room] of shown.entries()) {
      if (list.ranges?.some(([first, last]) => at >= first && at <= last) === false) continue;
      const match = matchOf(room);
      match.configs.push(list);
      match.lists.push(list.name);
    }
  }
  const direct = query.subscriptions.length === 0 ? new Set<string>() : directRooms(stores.people, query.userId);
  for (const subscription of query.subscriptions) {
    const room = stores.progress.room(query.userId, subscription.roomId);
    if (room === undefined || room.forgotten) continue;
    const match = matchOf(listedRoom(room, stores.sliding.knownRoom(room.roomId), direct));
    match.configs.push(subscription);
    match.isSubscribed = true;
  }
  return { rooms, lists };
}

/** Of so many rooms the cursors are read one by one. */
const FEW = 32;

function cursorsFor({ progress }: ListStores, userId: UserId, matched: ReadonlyMap<RoomId, Match>) {
  if (matched.size > FEW) return progress.cursorsOf(userId);
  return new Map([...matched.keys()].map((roomId) => [roomId, progress.cursor(roomId)?.pos]));
}

function planRoom(
  stores: ListStores,
  match: Match,
  known: ExtensionsQuery & { readonly cursors: ReadonlyMap<RoomId, number | undefined> },
): readonly SlidingRoom[] {
  const { room, configs, lists } = match;
  const { roomId, membership, fromPos, bumpStamp, isDirect } = room;
  const to = known.cursors.get(roomId);
  if (to === undefined) return [];
  const sent = known.sent.get(roomId);
  const planned: Omit<SlidingRoom, 'liveFrom'> = {
    roomId,
    membership,
    from: sent !== undefined && goesOn(sent, membership) ? sent.pos : undefined,
    to,
    bumpStamp,
    isDirect,
    isDirectNews: sent !== undefined && sent.isDirect !== isDirect,
    timelineLimit: Math.max(...configs.map(({ timelineLimit }) => timelineLimit)),
    required: combined(configs),
    sent,
    lists,
    ...extensionsOf(stores, match, known),
  };
  if (!mayTell(planned, room)) return [];
  const { since } = known;
  const liveFrom = since.generation === 0 ? to : (stores.progress.positionAt(roomId, since.seq) ?? fromPos - 1);
  return [{ ...planned, liveFrom }];
}

/** Who comes, or comes back, is told the room whole. */
function goesOn(sent: SentRoom, membership: string): boolean {
  return sent.membership === 'join' || membership !== 'join';
}

/** What rooms that the user is in tell besides, as far as it is wanted of this one. */
function extensionsOf(
  { people }: ListStores,
  { room: { roomId, userId, membership }, ...matched }: Match,
  { sent, extensions }: ExtensionsQuery,
): Pick<SlidingRoom, 'receiptsFrom' | 'accountData'> {
  if (membership !== 'join') return {};
  const held = sent.get(roomId);
  const isWanted = (scope: ExtensionScope | undefined) => isInScope(scope, roomId, matched);
  return {
    ...(isWanted(extensions.receipts)
      ? { receiptsFrom: { pos: held?.membership === 'join' ? held.receiptsPos : undefined } }
      : {}),
    ...(isWanted(extensions.accountData) && held?.hasAccountData !== true
      ? { accountData: accountDataOf(people, userId, roomId) }
      : {}),
  };
}

function accountDataOf(people: DeviceStore, userId: UserId, roomId: RoomId) {
  return people.accountDataIn(userId, roomId).map(({ type, content }) => ({ type, content }));
}

function mayTell(planned: Omit<SlidingRoom, 'liveFrom'>, room: ListedRoom): boolean {
  const { sent, to, membership, timelineLimit, required, isDirectNews, accountData, receiptsFrom } = planned;
  if (sent === undefined || isDirectNews || accountData !== undefined) return true;
  if (receiptsFrom !== undefined && (receiptsFrom.pos ?? -1) < to) return true;
  if (membership !== 'join') return room.fromPos > sent.pos;
  return to > sent.pos || timelineLimit > sent.seen || !coversRequired(sent.required, required);
}

/** Several wishes side by side ask for what any of them asks for. */
function combined(configs: readonly RoomConfig[]): readonly RequiredState[] {
  const byText = new Map(configs.map(({ requiredState }) => [JSON.stringify(requiredState), requiredState]));
  return [...byText].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, required]) => required);
}
