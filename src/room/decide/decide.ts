import { checkAuthEvents } from './check-auth-events.ts';
import { checkCurrentState } from './check-current-state.ts';
import { checkStateBefore } from './check-state-before.ts';
import { findMissing, withoutStaleClaim } from './find-missing.ts';
import { findKnown } from './find-known.ts';
import { persist } from './persist.ts';
import { replaceCopy } from './replace-copy.ts';
import { stateBefore } from './state-before.ts';
import type { RoomContext } from '../room-context.ts';
import type { IncomingPdu, Verdict } from './verdict.ts';

/**
 * The half of the receipt pipeline that runs in the room: the one place that authorises events, local and remote
 * alike. Synchronous, in one transaction that the caller opened, and re-reads everything mutable.
 * Source: Server-Server API, "Checks performed on receipt of a PDU", checks 4 to 6.
 */
export function decide(ctx: RoomContext, received: IncomingPdu): Verdict {
  const incoming = withoutStaleClaim(ctx.store, received);
  const { pdu } = incoming;
  const known = findKnown(ctx, incoming);
  if (known !== undefined) return known;
  const held = ctx.store.events.get(pdu.eventId);
  if (held?.status === 'accepted' && held.before !== undefined) {
    return replaceCopy(ctx, { ...held, before: held.before }, pdu);
  }
  const missing = findMissing(ctx.store, incoming);
  if (missing !== undefined) return { kind: 'needs', eventId: pdu.eventId, ...missing };
  const byAuthEvents = checkAuthEvents(ctx, pdu);
  const before = stateBefore(ctx, incoming);
  if (!byAuthEvents.ok) return persist(ctx, { incoming, before, status: 'rejected', reason: byAuthEvents.reason });
  const byStateBefore = checkStateBefore(ctx, pdu, before);
  if (!byStateBefore.ok) return persist(ctx, { incoming, before, status: 'rejected', reason: byStateBefore.reason });
  const byCurrentState = checkCurrentState(ctx, pdu, before);
  if (!byCurrentState.ok)
    return persist(ctx, { incoming, before, status: 'soft_failed', reason: byCurrentState.reason });
  return persist(ctx, { incoming, before, status: 'accepted' });
}
