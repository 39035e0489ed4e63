import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import type { DeviceStore } from '../devices/device-store.ts';

/** Tags are account data of a room. */
export const TAGS = 'm.tag';

/** A user's tags of a room. Source: Client-Server API, "Room Tagging". */
export function tagsOf(store: DeviceStore, userId: UserId, roomId: RoomId): JsonObject {
  return tagsIn(store.accountData(userId, roomId, TAGS)?.content ?? {});
}

/** @param content of their `m.tag`. */
export function tagsIn({ tags }: JsonObject): JsonObject {
  return isJsonObject(tags) ? tags : {};
}

export interface TagChange {
  readonly userId: UserId;
  readonly roomId: RoomId;
  readonly tag: string;
  /** `undefined` removes it. */
  readonly value: JsonObject | undefined;
}

/** Sets or removes one tag beside the others, in the transaction that is open. */
export function changeTag(store: DeviceStore, { userId, roomId, tag, value }: TagChange, seq: number): void {
  const others = Object.entries(tagsOf(store, userId, roomId)).filter(([name]) => name !== tag);
  const tags = Object.fromEntries(value === undefined ? others : [...others, [tag, value]]);
  store.putAccountData(userId, { roomId, type: TAGS, content: { tags }, seq });
}
