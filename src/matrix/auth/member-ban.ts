import type { Pdu } from '../event/pdu.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { AuthState } from './auth-state.ts';
import { allowed, denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';
import { membershipOf } from './membership.ts';
import { actionLevel, userPowerLevel } from './power-levels.ts';
import { rulePlaces } from './rule-places.ts';

/** "If `membership` is `ban`". Source: the rule for `m.room.member` of each room version's page. */
export function checkBan(rules: RoomVersionRules, event: Pdu, target: string, state: AuthState): AuthVerdict {
  const place = rulePlaces(rules).ban;
  if (membershipOf(state, event.sender) !== 'join') return denied(`${place}.1`, 'sender-not-joined');
  const power = userPowerLevel(rules, state, event.sender);
  if (power >= actionLevel(rules, state, 'ban') && userPowerLevel(rules, state, target) < power) return allowed;
  return denied(`${place}.3`, 'insufficient-power');
}
