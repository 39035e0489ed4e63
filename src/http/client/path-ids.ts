import { invalidParam, notFound } from '../../matrix/error.ts';
import type { EventId, RoomAlias, RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { parseEventId } from '../../matrix/ids/event-id.ts';
import { parseRoomAlias } from '../../matrix/ids/room-alias.ts';
import { parseRoomId } from '../../matrix/ids/room-id.ts';
import { parseServerName } from '../../matrix/ids/server-name.ts';
import { parseUserId } from '../../matrix/ids/user-id.ts';
import type { Result } from '../../matrix/result.ts';
import { requireKnownRoom } from '../../rooms/known-room.ts';
import type { RoomRegistry } from '../../rooms/ports.ts';

/** Identifiers out of paths and bodies: `M_INVALID_PARAM` for what is none. */
export const roomIdOf = (text: string): RoomId => valid(parseRoomId(text));
export const roomAliasOf = (text: string): RoomAlias => valid(parseRoomAlias(text));
export const userIdOf = (text: string): UserId => valid(parseUserId(text));
export const eventIdOf = (text: string): EventId => valid(parseEventId(text));

/** {@link roomIdOf} for a room whose object is addressed next: `M_FORBIDDEN` for one that is not registered. */
export async function knownRoomId(registry: Pick<RoomRegistry, 'has'>, text: string): Promise<RoomId> {
  const roomId = roomIdOf(text);
  await requireKnownRoom(registry, roomId);
  return roomId;
}

/** An event that is asked for: what is no event ID is no event either. */
export function soughtEventId(text: string): EventId {
  const parsed = parseEventId(text);
  if (!parsed.ok) throw notFound('There is no such event, or you may not see it');
  return parsed.value;
}

/** Servers to go over; what is no server name is passed over. */
export function serverNames(texts: readonly string[]): readonly ServerName[] {
  return texts.flatMap((text) => {
    const parsed = parseServerName(text);
    return parsed.ok ? [parsed.value] : [];
  });
}

function valid<T>(parsed: Result<T, string>): T {
  if (!parsed.ok) throw invalidParam(`The value is ${parsed.reason}`);
  return parsed.value;
}
