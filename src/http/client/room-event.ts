import type { ClientEvent, ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';

/** Adds the room's ID, which a room leaves out of what it shows. */
export const inRoom =
  (roomId: RoomId) =>
  (event: ClientEventWithoutRoomId): ClientEvent => ({ ...event, room_id: roomId });
