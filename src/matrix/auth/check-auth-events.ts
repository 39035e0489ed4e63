import type { Pdu } from '../event/pdu.ts';
import { stateTuple } from '../event/state-map.ts';
import type { EventId } from '../ids/brands.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import { authEventTuples } from './auth-types.ts';
import { allowed, denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';
import { rulePlaces } from './rule-places.ts';

/**
 * The rules about an event's auth events themselves, and from version 12 on about the create event that its room ID
 * names.
 * @param authEvents every event that `event.authEvents` names: one that is missing must have been fetched before.
 * @param isRejected whether an event was rejected when it was received.
 * @param create where the room ID is the create event's ID, the event of that ID, or `undefined` if there is none;
 * unused in other versions.
 * Source: "Considering the event's `auth_events`" of each room version's page, and rule 2 of version 12.
 */
export function checkAuthEvents(
  rules: RoomVersionRules,
  event: Pdu,
  authEvents: readonly Pdu[],
  isRejected: (id: EventId) => boolean,
  create: Pdu | undefined,
): AuthVerdict {
  if (event.type === 'm.room.create') return allowed;
  const places = rulePlaces(rules);
  if (rules.roomIdIsCreateEvent && !isAcceptedCreate(event, create, isRejected)) {
    return denied(places.createExists, 'create-not-accepted');
  }
  const listed = new Set(authEvents.map(keyOf));
  if (listed.size < authEvents.length || new Set(event.authEvents).size < event.authEvents.length) {
    return denied(`${places.authEvents}.1`, 'duplicate-auth-event');
  }
  const selected = new Set<string>(authEventTuples(rules, event).map(([type, stateKey]) => stateTuple(type, stateKey)));
  if (![...listed].every((key) => selected.has(key))) {
    return denied(`${places.authEvents}.2`, 'unexpected-auth-event');
  }
  if (authEvents.some(({ eventId }) => isRejected(eventId))) {
    return denied(`${places.authEvents}.3`, 'rejected-auth-event');
  }
  if (!rules.roomIdIsCreateEvent && !listed.has(stateTuple('m.room.create', ''))) {
    return denied(places.createExists, 'no-create-event');
  }
  if (authEvents.some(({ roomId }) => roomId !== event.roomId)) {
    return denied(places.authEventsOfRoom, 'foreign-auth-event');
  }
  return allowed;
}

function isAcceptedCreate(event: Pdu, create: Pdu | undefined, isRejected: (id: EventId) => boolean): boolean {
  if (create === undefined || create.type !== 'm.room.create') return false;
  return create.eventId === `$${event.roomId.slice(1)}` && !isRejected(create.eventId);
}

/** A message event, which no selection names, has its ID for a key. */
function keyOf({ type, stateKey, eventId }: Pdu): string {
  return stateKey === undefined ? eventId : stateTuple(type, stateKey);
}
