// Check 6: passes authorization rules based on the current state of the room; else it is soft-failed.
import { checkAuth } from '../../matrix/auth/check-auth.ts';
import { describeDenied } from '../../matrix/auth/auth-verdict.ts';
import { allow, deny, type Result } from '../../matrix/result.ts';
import type { RoomContext } from '../room-context.ts';
import { authStateOf } from '../state/state-at.ts';
import type { StateRef } from '../store.ts';
import { isBeforeOurTime } from './hole-of.ts';
import type { IncomingPdu } from './verdict.ts';

/**
 * The check is of new events. What lies before our join is history, as what backfill brings: those who joined are not
 * invited any more, and who was banned since has said what they said.
 */
export function checkCurrentState(ctx: RoomContext, incoming: IncomingPdu, before: StateRef): Result<void, string> {
  const current: StateRef = { pos: ctx.store.stream.head(), group: null };
  if (before.group === null && before.pos === current.pos) return allow(undefined);
  const verdict = checkAuth(ctx.rules, incoming.pdu, authStateOf(ctx.store, current));
  return verdict.ok || isBeforeOurTime(ctx, incoming)
    ? allow(undefined)
    : deny(`current state: ${verdict.reason.rule} ${describeDenied(verdict.reason)}`);
}
