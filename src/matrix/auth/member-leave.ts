import type { Pdu } from '../event/pdu.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { AuthState } from './auth-state.ts';
import { allowed, denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';
import { membershipOf } from './membership.ts';
import { actionLevel, userPowerLevel } from './power-levels.ts';
import { rulePlaces } from './rule-places.ts';

/**
 * "If `membership` is `leave`": leaving, declining, taking back a knock, kicking, unbanning.
 * Source: the rule for `m.room.member` of each room version's page.
 */
export function checkLeave(rules: RoomVersionRules, event: Pdu, target: string, state: AuthState): AuthVerdict {
  const place = rulePlaces(rules).leave;
  const membership = membershipOf(state, target);
  if (event.sender === target) {
    const hasOne = membership === 'invite' || membership === 'join' || (rules.knocking && membership === 'knock');
    return hasOne ? allowed : denied(`${place}.1`, membership === 'ban' ? 'banned' : 'not-a-member');
  }
  if (membershipOf(state, event.sender) !== 'join') return denied(`${place}.2`, 'sender-not-joined');
  const power = userPowerLevel(rules, state, event.sender);
  if (membership === 'ban' && power < actionLevel(rules, state, 'ban')) return denied(`${place}.3`, 'cannot-unban');
  if (power >= actionLevel(rules, state, 'kick') && userPowerLevel(rules, state, target) < power) return allowed;
  return denied(`${place}.5`, 'insufficient-power');
}
