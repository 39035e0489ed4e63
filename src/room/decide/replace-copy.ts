// Instead of checks 4 to 6: an intact copy of an event that was accepted as a copy redacted for its content hash.
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { RoomContext } from '../room-context.ts';
import type { StateRef, StoredEvent } from '../store.ts';
import { checkAuthEvents } from './check-auth-events.ts';
import { checkStateBefore } from './check-state-before.ts';
import { applyHeldRedactions, redactionTarget } from './redactions.ts';
import type { Verdict } from './verdict.ts';

/**
 * The event keeps its place in the graph, in the stream and in the history: it has at most one row, ever. One that its
 * whole content would forbid stays as it is.
 */
export function replaceCopy(ctx: RoomContext, held: StoredEvent & { readonly before: StateRef }, pdu: Pdu): Verdict {
  const { store } = ctx;
  const isAllowed = checkAuthEvents(ctx, pdu).ok && checkStateBefore(ctx, pdu, held.before).ok;
  if (!isAllowed) return { kind: 'known', eventId: pdu.eventId };
  const event: StoredEvent = { ...held, pdu, provisional: false };
  store.events.update(event);
  showRedaction(ctx, event);
  applyHeldRedactions(ctx, event);
  return { kind: 'accepted', eventId: pdu.eventId };
}

/** Which event it redacts may be part of what was missing. */
function showRedaction(ctx: RoomContext, event: StoredEvent): void {
  const { store } = ctx;
  if (event.history !== undefined || redactionTarget(ctx, event) === undefined) return;
  const pos = store.stream.append({ kind: 'event', eventId: event.pdu.eventId });
  store.events.update({ ...event, pos, history: { anchor: pos, sub: 0 } });
}
