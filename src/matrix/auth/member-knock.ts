import type { Pdu } from '../event/pdu.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { AuthState } from './auth-state.ts';
import { allowed, denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';
import { joinRuleOf, membershipOf } from './membership.ts';
import { rulePlaces } from './rule-places.ts';

/** "If `membership` is `knock`", from version 7 on. Source: the rule for `m.room.member` of each page. */
export function checkKnock(rules: RoomVersionRules, event: Pdu, state: AuthState): AuthVerdict {
  const place = rulePlaces(rules).knock;
  const joinRule = joinRuleOf(state);
  if (joinRule !== 'knock' && !(rules.knockRestrictedJoins && joinRule === 'knock_restricted')) {
    return denied(`${place}.1`, 'join-rule');
  }
  if (event.sender !== event.stateKey) return denied(`${place}.2`, 'not-own-membership');
  const membership = membershipOf(state, event.sender);
  if (membership === 'ban') return denied(`${place}.4`, 'banned');
  if (membership === 'invite' || membership === 'join') return denied(`${place}.4`, 'already-member');
  return allowed;
}
