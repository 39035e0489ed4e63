import { findMissing, withoutStaleClaim } from './find-missing.ts';
import { findKnown } from './find-known.ts';
import { judge } from './judge.ts';
import { rejudgeFollowers } from './rejudge.ts';
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
    const replaced = replaceCopy(ctx, { ...held, before: held.before }, pdu);
    if (replaced.kind === 'accepted') rejudgeFollowers(ctx, pdu.eventId, 'content');
    return replaced;
  }
  const missing = findMissing(ctx.store, incoming);
  if (missing !== undefined) return { kind: 'needs', eventId: pdu.eventId, ...missing };
  const verdict = judge(ctx, incoming, stateBefore(ctx, incoming));
  if (held?.status === 'rejected' && verdict.kind !== 'rejected') rejudgeFollowers(ctx, pdu.eventId, 'verdict');
  return verdict;
}
