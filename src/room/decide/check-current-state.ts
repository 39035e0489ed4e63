// Check 6: passes authorization rules based on the current state of the room; else it is soft-failed.
import { checkAuth } from '../../matrix/auth/check-auth.ts';
import { describeDenied } from '../../matrix/auth/auth-verdict.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { allow, deny, type Result } from '../../matrix/result.ts';
import type { RoomContext } from '../room-context.ts';
import { authStateOf } from '../state/state-at.ts';
import type { StateRef } from '../store.ts';

export function checkCurrentState(ctx: RoomContext, pdu: Pdu, before: StateRef): Result<void, string> {
  const current: StateRef = { pos: ctx.store.stream.head(), group: null };
  if (before.group === null && before.pos === current.pos) return allow(undefined);
  const verdict = checkAuth(ctx.rules, pdu, authStateOf(ctx.store, current));
  return verdict.ok
    ? allow(undefined)
    : deny(`current state: ${verdict.reason.rule} ${describeDenied(verdict.reason)}`);
}
