import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { TAGS, tagsIn } from '../account-data/change-tag.ts';
import type { DeviceStore } from '../devices/device-store.ts';
import type { ProgressStore, UserRoom } from '../progress/store.ts';
import type { KnownRoom, SentRoom, SlidingStore } from './sliding-store.ts';

/** What a list shows. What is left out does not filter. Source: MSC4186, `SlidingRoomFilter`. */
export interface RoomFilter {
  readonly isDirect?: boolean;
  readonly isEncrypted?: boolean;
  readonly isInvited?: boolean;
  /** `null` stands for rooms of no type. */
  readonly roomTypes?: readonly (string | null)[];
  readonly notRoomTypes?: readonly (string | null)[];
  /** The rooms of the spaces that were asked for. */
  readonly among?: readonly string[];
  readonly tags?: readonly string[];
  readonly notTags?: readonly string[];
}

export interface ListStores {
  readonly people: DeviceStore;
  readonly progress: ProgressStore;
  readonly sliding: SlidingStore;
}

/** A room of a user as lists see it. */
export interface ListedRoom extends UserRoom {
  /** Greater: something happened later. Lists are sorted by it. */
  readonly activeSeq: number;
  /** Greater: something that counts as activity to people happened later. */
  readonly bumpStamp: number;
  readonly roomType: string | null;
  readonly isEncrypted: boolean;
  readonly isDirect: boolean;
}

/**
 * The rooms of a user that lists are made of, who was active last first. Those that they left by themselves are among
 * them only where the client was told of the room before. Source: MSC4186, "Lists", "Activity ordering".
 */
export function roomsForLists(
  stores: ListStores,
  userId: UserId,
  sent: ReadonlyMap<RoomId, SentRoom>,
): readonly ListedRoom[] {
  const direct = directRooms(stores.people, userId);
  const known = stores.sliding.knownRooms(userId);
  return stores.progress
    .roomsOf(userId)
    .filter((room) => isListed(room, sent))
    .map((room) => listedRoom(room, known.get(room.roomId), direct))
    .toSorted((a, b) => b.activeSeq - a.activeSeq || (a.roomId < b.roomId ? -1 : 1));
}

function isListed(room: UserRoom, sent: ReadonlyMap<RoomId, SentRoom>): boolean {
  const { membership, roomId, forgotten, wasJoined, byOther } = room;
  if (membership === 'join' || membership === 'invite' || membership === 'knock') return true;
  if (forgotten) return false;
  return sent.has(roomId) || (wasJoined && (membership === 'ban' || byOther));
}

/** One that the shard was told nothing of but the membership counts as of when that began. */
export function listedRoom(room: UserRoom, known: KnownRoom | undefined, direct: ReadonlySet<string>): ListedRoom {
  const isIn = room.membership === 'join';
  return {
    ...room,
    activeSeq: isIn ? Math.max(known?.activeSeq ?? 0, room.seq) : room.seq,
    bumpStamp: isIn && known !== undefined && known.bumpSeq > 0 ? known.bumpSeq : room.seq,
    roomType: known?.roomType ?? null,
    isEncrypted: known?.isEncrypted === true,
    isDirect: direct.has(room.roomId),
  };
}

/** Source: Client-Server API, "Direct Messaging", `m.direct`. */
export function directRooms(people: DeviceStore, userId: UserId): ReadonlySet<string> {
  const content = people.accountData(userId, '', 'm.direct')?.content ?? {};
  return new Set(
    Object.values(content)
      .flatMap((rooms) => (Array.isArray(rooms) ? (rooms as unknown[]) : []))
      .filter((room) => typeof room === 'string'),
  );
}

/** @param tags of each room that has any. */
export function passesRoomFilter(filter: RoomFilter, room: ListedRoom, tags: ReadonlyMap<string, JsonObject>): boolean {
  const { isDirect, isEncrypted, isInvited, roomTypes, notRoomTypes, among } = filter;
  return (
    isSame(isDirect, room.isDirect) &&
    isSame(isEncrypted, room.isEncrypted) &&
    isSame(isInvited, room.membership === 'invite') &&
    roomTypes?.includes(room.roomType) !== false &&
    notRoomTypes?.includes(room.roomType) !== true &&
    among?.includes(room.roomId) !== false &&
    passesTags(filter, tags.get(room.roomId) ?? {})
  );
}

function isSame(wanted: boolean | undefined, held: boolean): boolean {
  return wanted === undefined || wanted === held;
}

/** The tags of a user's rooms, where a list goes by any. */
export function tagsForLists(
  people: DeviceStore,
  userId: UserId,
  filters: readonly RoomFilter[],
): ReadonlyMap<string, JsonObject> {
  if (filters.every(({ tags, notTags }) => tags === undefined && notTags === undefined)) return new Map();
  return new Map(people.accountDataOf(userId, TAGS).map(({ roomId, content }) => [roomId, tagsIn(content)]));
}

function passesTags({ tags, notTags }: RoomFilter, held: JsonObject): boolean {
  if (tags === undefined && notTags === undefined) return true;
  const has = (tag: string) => isJsonObject(held[tag]);
  return tags?.some(has) !== false && notTags?.some(has) !== true;
}
