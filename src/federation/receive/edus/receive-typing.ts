// m.typing (Server-Server API, "Typing Notifications")
import { parseRoomId } from '../../../matrix/ids/room-id.ts';
import { parseUserId, userIdServer } from '../../../matrix/ids/user-id.ts';
import type { RoomId, ServerName, UserId } from '../../../matrix/ids/brands.ts';
import { isJsonObject } from '../../../matrix/json/json-value.ts';
import type { EduHandler, KnownRooms } from '../ports.ts';

/** Other servers forget after 30 to 60 s without repetition, and repeat within that. */
const EXPIRES_MS = 60_000;

export interface RemoteTyping {
  readonly roomId: RoomId;
  /** Applies its ACL to this server. */
  readonly origin: ServerName;
  readonly userId: UserId;
  /** Until when (ms) the user counts as typing; `undefined`: no more. */
  readonly until: number | undefined;
}

export interface TypingRooms {
  /** Of a user who is not in the room it changes nothing. */
  receive(typing: RemoteTyping): Promise<void>;
}

/** A user of the sending server types or has stopped; one of another server is dropped. */
export function receiveTyping(knownRooms: KnownRooms, rooms: TypingRooms, now: () => number): EduHandler {
  return async (origin, content) => {
    const { room_id: room, user_id: user, typing } = isJsonObject(content) ? content : {};
    const roomId = typeof room === 'string' ? parseRoomId(room) : undefined;
    const userId = typeof user === 'string' ? parseUserId(user) : undefined;
    if (roomId?.ok !== true || userId?.ok !== true || typeof typing !== 'boolean') return;
    if (userIdServer(userId.value) !== origin || (await knownRooms.versionOf(roomId.value)) === undefined) return;
    await rooms.receive({
      roomId: roomId.value,
      origin,
      userId: userId.value,
      until: typing ? now() + EXPIRES_MS : undefined,
    });
  };
}
