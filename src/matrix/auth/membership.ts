import type { AuthState } from './auth-state.ts';

/** @returns a user's membership in a state; `undefined` for somebody who never had one, or one that is no string. */
export function membershipOf(state: AuthState, userId: string): string | undefined {
  const membership = state('m.room.member', userId)?.content.membership;
  return typeof membership === 'string' ? membership : undefined;
}

/**
 * @returns the join rule of a state; `invite` where none is stated; the empty string, which permits nothing, for one
 * that is no string.
 */
export function joinRuleOf(state: AuthState): string {
  const rule = state('m.room.join_rules', '')?.content.join_rule;
  if (rule === undefined) return 'invite';
  return typeof rule === 'string' ? rule : '';
}
