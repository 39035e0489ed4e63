import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { AccountDataRow } from '../devices/device-store.ts';
import type { TypingBoard } from '../progress/sync-plan.ts';
import { accountDataAfter } from '../push-rules/push-rules.ts';
import type { ListStores } from './list-rooms.ts';
import type { Generation, SentRoom } from './sliding-store.ts';
import type { ToldRooms } from './told-typing.ts';

/** Of which rooms an extension tells. Source: MSC3959, MSC3960, MSC3961. */
export interface ExtensionScope {
  /** `undefined`: of those of all lists. */
  readonly lists: readonly string[] | undefined;
  /** Of those that are subscribed to, `*` being all; `undefined`: of all of them. */
  readonly rooms: readonly string[] | undefined;
}

/** Those that are asked of the shard and the rooms. */
export interface ScopedExtensions {
  readonly accountData: ExtensionScope | undefined;
  readonly receipts: ExtensionScope | undefined;
  readonly typing: ExtensionScope | undefined;
}

/** Where a room is matched. */
interface Matched {
  readonly lists: readonly string[];
  readonly isSubscribed: boolean;
}

export function isInScope(scope: ExtensionScope | undefined, roomId: RoomId, matched: Matched | undefined): boolean {
  if (scope === undefined || matched === undefined) return false;
  const { lists, rooms } = scope;
  const isListed = matched.lists.some((list) => lists === undefined || lists.includes('*') || lists.includes(list));
  return isListed || (matched.isSubscribed && (rooms === undefined || rooms.includes('*') || rooms.includes(roomId)));
}

/** What of extensions the shard itself tells. */
export interface ExtensionsPlan {
  /** Changes since the client was told last: global, where `roomId` is empty, and of rooms that it has the others of. */
  readonly accountData: readonly AccountDataRow[];
  /** Rooms whose account data changed and is not told now: it is told whole when it is wanted again. */
  readonly stale: readonly { readonly roomId: RoomId; readonly room: SentRoom }[];
  readonly typing: readonly { readonly roomId: RoomId; readonly userIds: readonly UserId[] }[];
  /** What the client knows of typing when it has the answer. */
  readonly toldTyping: ToldRooms;
}

export interface ExtensionsQuery {
  readonly userId: UserId;
  readonly extensions: ScopedExtensions;
  readonly since: Generation;
  readonly sent: ReadonlyMap<RoomId, SentRoom>;
  readonly matched: ReadonlyMap<RoomId, Matched>;
  /** What the client knows of typing; `undefined`: that is not remembered. */
  readonly toldTyping: ToldRooms | undefined;
}

/** Typing that ended before is among what changed after this. */
const EVER = 1;

/** Account data and typing since an answer. Rooms tell receipts. */
export function extensionsPlan(stores: ListStores, typing: TypingBoard, query: ExtensionsQuery): ExtensionsPlan {
  return { ...accountDataPlan(stores, query), ...typingPlan(stores, typing, query) };
}

function accountDataPlan(
  { people, progress }: ListStores,
  query: ExtensionsQuery,
): Omit<ExtensionsPlan, 'typing' | 'toldTyping'> {
  const { userId, extensions, since, sent, matched } = query;
  if (extensions.accountData === undefined) return { accountData: [], stale: [] };
  const changed = accountDataAfter(people, userId, since.accountSeq);
  const isTold = (roomId: RoomId) =>
    isInScope(extensions.accountData, roomId, matched.get(roomId)) &&
    progress.room(userId, roomId)?.membership === 'join';
  const stale = new Map<RoomId, SentRoom>();
  const accountData = changed.filter((row) => {
    if (row.roomId === '') return true;
    const roomId = row.roomId as RoomId;
    const room = sent.get(roomId);
    if (room?.hasAccountData !== true) return false;
    if (isTold(roomId)) return true;
    stale.set(roomId, { ...room, hasAccountData: false });
    return false;
  });
  return { accountData, stale: [...stale].map(([roomId, room]) => ({ roomId, room })) };
}

/**
 * Of a room that is new to the client who types there; of others where that is another than they were told, which those
 * that were out of the scope meanwhile were not.
 */
function typingPlan(
  { progress }: ListStores,
  board: TypingBoard,
  query: ExtensionsQuery,
): Pick<ExtensionsPlan, 'typing' | 'toldTyping'> {
  const { userId, extensions, since, sent, matched, toldTyping } = query;
  if (extensions.typing === undefined) return { typing: [], toldTyping: new Map() };
  const shown = board
    .changedAfter(EVER)
    .filter(
      ({ roomId }) =>
        isInScope(extensions.typing, roomId, matched.get(roomId)) &&
        progress.room(userId, roomId)?.membership === 'join',
    );
  const typing = shown.filter(({ roomId, userIds, seq }) => {
    if (!sent.has(roomId)) return userIds.length > 0;
    return toldTyping === undefined ? seq > since.seq : toldTyping.get(roomId) !== seq;
  });
  return {
    typing: typing.map(({ roomId, userIds }) => ({ roomId, userIds })),
    toldTyping: new Map(shown.map(({ roomId, seq }) => [roomId, seq])),
  };
}
