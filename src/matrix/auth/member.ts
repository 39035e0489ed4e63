import type { Pdu } from '../event/pdu.ts';
import { parseUserId } from '../ids/user-id.ts';
import type { JsonValue } from '../json/json-value.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { AuthState } from './auth-state.ts';
import { denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';
import { checkBan } from './member-ban.ts';
import { checkInvite } from './member-invite.ts';
import { checkJoin } from './member-join.ts';
import { checkKnock } from './member-knock.ts';
import { checkLeave } from './member-leave.ts';
import { rulePlaces } from './rule-places.ts';

/**
 * The rule for `m.room.member`, one file for each membership.
 *
 * Of the rule on `join_authorised_via_users_server` (4.2.1 of version 8) only the part that the content decides is
 * checked here, that it names a user: whether that user's server signed is found with the event's other signatures,
 * before any rule.
 * Source: "Authorisation rules" of each room version's page.
 */
export function checkMember(rules: RoomVersionRules, event: Pdu, state: AuthState): AuthVerdict {
  const { membership, join_authorised_via_users_server: authoriser } = event.content;
  const target = event.stateKey;
  const place = rulePlaces(rules).member;
  if (target === undefined) return denied(`${place}.1`, 'no-state-key');
  if (membership === undefined) return denied(`${place}.1`, 'no-membership');
  if (rules.restrictedJoins && authoriser !== undefined && !isUserId(authoriser)) {
    return denied(`${place}.2.1`, 'no-authorising-server');
  }
  switch (membership) {
    case 'join':
      return checkJoin(rules, event, state);
    case 'invite':
      return checkInvite(rules, event, target, state);
    case 'leave':
      return checkLeave(rules, event, target, state);
    case 'ban':
      return checkBan(rules, event, target, state);
    default:
      if (rules.knocking && membership === 'knock') return checkKnock(rules, event, state);
      return denied(rulePlaces(rules).unknownMembership, 'unknown-membership');
  }
}

function isUserId(value: JsonValue): boolean {
  return typeof value === 'string' && parseUserId(value).ok;
}
