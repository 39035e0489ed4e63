import { userPowerLevel, actionLevel } from '../../matrix/auth/power-levels.ts';
import { forbidden, notFound } from '../../matrix/error.ts';
import type { RoomContext } from '../room-context.ts';
import { authStateOf } from '../state/state-at.ts';
import type { EventDraft } from './build-event.ts';

/**
 * What a local user may redact: anything with the room's redact level, else only their own events. Other servers take a
 * redaction from the server of the target's sender on trust, so that this server alone stands between its users.
 * Throws `M_FORBIDDEN`, or `M_NOT_FOUND` for an event that is not known to be their own.
 * Source: Client-Server API, `PUT /rooms/{roomId}/redact/{eventId}/{txnId}`; Room Version 3, "Handling redactions".
 */
export function checkOwnRedaction({ store, rules }: RoomContext, { sender, redacts }: EventDraft): void {
  if (redacts === undefined) return;
  const state = authStateOf(store, { pos: store.stream.head(), group: null });
  if (userPowerLevel(rules, state, sender) >= actionLevel(rules, state, 'redact')) return;
  const target = store.events.get(redacts);
  if (target === undefined) throw notFound('There is no such event');
  if (target.pdu.sender !== sender) throw forbidden('You may only redact your own events in this room');
}
