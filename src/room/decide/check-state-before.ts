// Check 5: passes authorization rules based on the state before the event.
import { checkAuth } from '../../matrix/auth/check-auth.ts';
import { describeDenied } from '../../matrix/auth/auth-verdict.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { allow, deny, type Result } from '../../matrix/result.ts';
import type { RoomContext } from '../room-context.ts';
import { authStateOf } from '../state/state-at.ts';
import type { StateRef } from '../store.ts';

export function checkStateBefore(ctx: RoomContext, pdu: Pdu, before: StateRef): Result<void, string> {
  const verdict = checkAuth(ctx.rules, pdu, authStateOf(ctx.store, before));
  return verdict.ok ? allow(undefined) : deny(`state before: ${verdict.reason.rule} ${describeDenied(verdict.reason)}`);
}
