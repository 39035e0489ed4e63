// Check 4: passes authorization rules based on the event's auth events.
import { checkAuth } from '../../matrix/auth/check-auth.ts';
import { checkAuthEvents as checkAuthEventList } from '../../matrix/auth/check-auth-events.ts';
import { describeDenied } from '../../matrix/auth/auth-verdict.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { stateTuple, type StateTuple } from '../../matrix/event/state-map.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import { allow, deny, type Result } from '../../matrix/result.ts';
import type { RoomContext } from '../room-context.ts';

/** @returns the reason for a rejection. Every auth event is stored; one that is not at hand is a broken invariant. */
export function checkAuthEvents(ctx: RoomContext, pdu: Pdu): Result<void, string> {
  const { store, rules } = ctx;
  const authEvents: Pdu[] = [];
  for (const eventId of pdu.authEvents) {
    const stored = store.events.get(eventId);
    if (stored === undefined) throw new Error(`auth event ${eventId} vanished`);
    authEvents.push(stored.pdu);
  }
  const create = createEventOf(ctx, pdu);
  const isRejected = (id: EventId) => store.events.get(id)?.status === 'rejected';
  const list = checkAuthEventList(rules, pdu, authEvents, isRejected, create);
  if (!list.ok) return deny(`auth_events: ${list.reason.rule} ${describeDenied(list.reason)}`);
  const held = new Map<StateTuple, Pdu>();
  for (const event of authEvents)
    if (event.stateKey !== undefined) held.set(stateTuple(event.type, event.stateKey), event);
  const verdict = checkAuth(rules, pdu, (type, stateKey) =>
    rules.roomIdIsCreateEvent && type === 'm.room.create' && stateKey === ''
      ? create
      : held.get(stateTuple(type, stateKey)),
  );
  return verdict.ok ? allow(undefined) : deny(`auth events: ${verdict.reason.rule} ${describeDenied(verdict.reason)}`);
}

/** The create event of a room whose ID is made from it; it stands in no list of auth events. */
function createEventOf(ctx: RoomContext, pdu: Pdu): Pdu | undefined {
  if (!ctx.rules.roomIdIsCreateEvent || pdu.type === 'm.room.create') return undefined;
  const eventId = ctx.store.meta.createEventId();
  return eventId === undefined ? undefined : ctx.store.events.get(eventId)?.pdu;
}
