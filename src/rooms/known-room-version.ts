import { notFound } from '../matrix/error.ts';
import type { RoomId } from '../matrix/ids/brands.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';

/** The rooms that have an object here, without addressing it. */
export interface KnownRooms {
  /** @returns the room's version; `undefined` for a room that is none of ours. */
  versionOf(roomId: RoomId): Promise<string | undefined>;
}

/**
 * The rules of a room whose object may be addressed. Throws `M_NOT_FOUND` for any other room, so that made-up room IDs
 * leave nothing behind.
 */
export async function requireKnownRoomVersion(known: KnownRooms, roomId: RoomId): Promise<RoomVersionRules> {
  const version = await known.versionOf(roomId);
  const rules = version === undefined ? undefined : roomVersionRules(version);
  if (rules === undefined) throw notFound('This server is not in that room');
  return rules;
}
