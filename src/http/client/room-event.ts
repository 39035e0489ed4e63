import type { ClientEvent, ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import type { BundledRelations } from '../../room/relations/aggregate.ts';

/** Adds the room's ID, which a room leaves out of what it shows, to an event and to the events bundled with it. */
export const inRoom =
  (roomId: RoomId) =>
  (event: ClientEventWithoutRoomId): ClientEvent => {
    const relations = event.unsigned?.['m.relations'] as BundledRelations | undefined;
    if (relations === undefined) return { ...event, room_id: roomId };
    const { 'm.replace': edit, 'm.thread': thread } = relations;
    const shown = inRoom(roomId);
    const bundled = {
      ...relations,
      ...(edit === undefined ? {} : { 'm.replace': shown(edit) }),
      ...(thread === undefined ? {} : { 'm.thread': { ...thread, latest_event: shown(thread.latest_event) } }),
    };
    return { ...event, unsigned: { ...event.unsigned, 'm.relations': bundled }, room_id: roomId };
  };
