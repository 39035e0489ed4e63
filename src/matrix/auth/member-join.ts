import type { Pdu } from '../event/pdu.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { AuthState } from './auth-state.ts';
import { allowed, denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';
import { roomCreator } from './creators.ts';
import { joinRuleOf, membershipOf } from './membership.ts';
import { isRestricted, mayAuthoriseJoin } from './restricted-join.ts';
import { rulePlaces } from './rule-places.ts';

/** "If `membership` is `join`". Source: the rule for `m.room.member` of each room version's page. */
export function checkJoin(rules: RoomVersionRules, event: Pdu, state: AuthState): AuthVerdict {
  if (isFirstJoin(rules, event, state)) return allowed;
  const place = rulePlaces(rules).join;
  if (event.sender !== event.stateKey) return denied(`${place}.2`, 'not-own-membership');
  const membership = membershipOf(state, event.sender);
  if (membership === 'ban') return denied(`${place}.3`, 'banned');
  const isExpected = membership === 'join' || membership === 'invite';
  const joinRule = joinRuleOf(state);
  if (isRestricted(rules, state)) {
    return isExpected || isAuthorised(rules, event, state) ? allowed : denied(`${place}.5.2`, 'join-not-authorised');
  }
  if (joinRule === 'public') return allowed;
  const otherwise = `${place}.${rules.restrictedJoins ? 7 : 6}`;
  if (joinRule === 'invite' || (rules.knocking && joinRule === 'knock')) {
    return isExpected ? allowed : denied(otherwise, 'not-invited');
  }
  return denied(otherwise, 'join-rule');
}

function isFirstJoin(rules: RoomVersionRules, event: Pdu, state: AuthState): boolean {
  const create = state('m.room.create', '');
  const [onlyPrevious, ...others] = event.prevEvents;
  if (create === undefined || onlyPrevious !== create.eventId || others.length > 0) return false;
  return event.stateKey === roomCreator(rules, create);
}

function isAuthorised(rules: RoomVersionRules, event: Pdu, state: AuthState): boolean {
  const authoriser = event.content.join_authorised_via_users_server;
  return typeof authoriser === 'string' && mayAuthoriseJoin(rules, state, authoriser);
}
