import type { AuthState } from '../auth/auth-state.ts';
import type { Pdu, PduSource } from '../event/pdu.ts';
import type { EventId } from '../ids/brands.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';

/**
 * The state that an event's own auth events make up.
 * @param counts which auth events to look at; one that is not at hand counts as not named.
 * Since version 12 the room ID stands for the create event, which is not named. Source: Server-Server API, "Auth events
 * selection"; Room Version 12, "Event format".
 */
export function stateOfAuthEvents(
  rules: RoomVersionRules,
  event: Pdu,
  events: PduSource,
  counts: (id: EventId) => boolean,
): AuthState {
  return (type, stateKey) => {
    const named = rules.roomIdIsCreateEvent && type === 'm.room.create' ? [createEventId(event)] : event.authEvents;
    for (const id of named) {
      const auth = events(id);
      if (auth?.type === type && auth.stateKey === stateKey && counts(id)) return auth;
    }
    return undefined;
  };
}

function createEventId({ roomId }: Pdu): EventId {
  return `$${roomId.slice(1)}` as EventId;
}
