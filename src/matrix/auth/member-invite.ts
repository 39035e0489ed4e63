import type { Pdu } from '../event/pdu.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { AuthState } from './auth-state.ts';
import { allowed, denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';
import { membershipOf } from './membership.ts';
import { actionLevel, userPowerLevel } from './power-levels.ts';
import { rulePlaces } from './rule-places.ts';
import { checkInviteByThirdParty } from './third-party-invite.ts';

/** "If `membership` is `invite`". Source: the rule for `m.room.member` of each room version's page. */
export function checkInvite(rules: RoomVersionRules, event: Pdu, target: string, state: AuthState): AuthVerdict {
  if (event.content.third_party_invite !== undefined) return checkInviteByThirdParty(rules, event, target, state);
  const place = rulePlaces(rules).invite;
  if (membershipOf(state, event.sender) !== 'join') return denied(`${place}.2`, 'sender-not-joined');
  const membership = membershipOf(state, target);
  if (membership === 'join') return denied(`${place}.3`, 'already-member');
  if (membership === 'ban') return denied(`${place}.3`, 'banned');
  if (userPowerLevel(rules, state, event.sender) >= actionLevel(rules, state, 'invite')) return allowed;
  return denied(`${place}.5`, 'insufficient-power');
}
