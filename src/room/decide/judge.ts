import type { RoomContext } from '../room-context.ts';
import type { StateRef } from '../store.ts';
import { checkPolicy } from '../policy/check-policy.ts';
import { checkAuthEvents } from './check-auth-events.ts';
import { checkCurrentState } from './check-current-state.ts';
import { checkStateBefore } from './check-state-before.ts';
import { persist } from './persist.ts';
import type { IncomingPdu, Verdict } from './verdict.ts';

/**
 * Checks 4 to 6 of an event that lacks nothing, and the last step.
 * @param before the state before it.
 */
export function judge(ctx: RoomContext, incoming: IncomingPdu, before: StateRef): Verdict {
  const { pdu } = incoming;
  const byAuthEvents = checkAuthEvents(ctx, pdu);
  if (!byAuthEvents.ok) return persist(ctx, { incoming, before, status: 'rejected', reason: byAuthEvents.reason });
  const byStateBefore = checkStateBefore(ctx, pdu, before);
  if (!byStateBefore.ok) return persist(ctx, { incoming, before, status: 'rejected', reason: byStateBefore.reason });
  const byCurrentState = checkCurrentState(ctx, incoming, before);
  if (!byCurrentState.ok)
    return persist(ctx, { incoming, before, status: 'soft_failed', reason: byCurrentState.reason });
  const policy = checkPolicy(ctx, incoming);
  switch (policy.kind) {
    case 'ask':
      return { kind: 'needs', eventId: pdu.eventId, prev: [], auth: [], policy: policy.server };
    case 'refused': {
      // A copy with the signature may still come.
      const provisional = { ...incoming, provisional: true };
      return persist(ctx, { incoming: provisional, before, status: 'soft_failed', reason: policy.reason });
    }
    case 'passed':
      return persist(ctx, { incoming: { ...incoming, pdu: policy.pdu }, before, status: 'accepted' });
  }
}
