import type { Pdu } from '../event/pdu.ts';
import { userIdServer } from '../ids/user-id.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import { checkAliases } from './aliases.ts';
import type { AuthState } from './auth-state.ts';
import { allowed, denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';
import { checkCreate } from './create.ts';
import { checkMember } from './member.ts';
import { membershipOf } from './membership.ts';
import { checkPowerLevels } from './power-levels-event.ts';
import { requiredPowerLevel, userPowerLevel } from './power-levels.ts';
import { checkRedaction } from './redaction.ts';
import { rulePlaces } from './rule-places.ts';
import { checkThirdPartyInvite } from './third-party-invite.ts';

/**
 * The authorization rules of a room version, in the order of its page, except those about the list of auth events
 * (`checkAuthEvents`) and the signature that a restricted join needs (see `checkMember`).
 * @param event an event in its version's format; its signatures are not looked at.
 * @param state the state to judge it by: of its auth events, before it, or the current one. Without a create event in
 * it, every other event is denied.
 * @returns allowed, or which rule denies. Cannot fail otherwise.
 * Source: "Authorisation rules" of each room version's page.
 */
export function checkAuth(rules: RoomVersionRules, event: Pdu, state: AuthState): AuthVerdict {
  if (event.type === 'm.room.create') return checkCreate(rules, event);
  const create = state('m.room.create', '');
  if (create === undefined) return denied(rulePlaces(rules).createExists, 'no-create-event');
  if (create.content['m.federate'] === false && userIdServer(event.sender) !== userIdServer(create.sender)) {
    return denied(rulePlaces(rules).federation, 'not-federated');
  }
  if (rules.aliasesRule && event.type === 'm.room.aliases') return checkAliases(rules, event);
  if (event.type === 'm.room.member') return checkMember(rules, event, state);
  return checkByMember(rules, event, create, state);
}

/** The rules from "If the `sender`'s current membership state is not `join`" on. */
function checkByMember(rules: RoomVersionRules, event: Pdu, create: Pdu, state: AuthState): AuthVerdict {
  if (membershipOf(state, event.sender) !== 'join') {
    return denied(rulePlaces(rules).senderJoined, 'sender-not-joined');
  }
  if (event.type === 'm.room.third_party_invite') return checkThirdPartyInvite(rules, event, state);
  if (requiredPowerLevel(rules, state, event) > userPowerLevel(rules, state, event.sender)) {
    return denied(rulePlaces(rules).requiredLevel, 'insufficient-power');
  }
  if (event.stateKey?.startsWith('@') === true && event.stateKey !== event.sender) {
    return denied(rulePlaces(rules).stateKey, 'foreign-state-key');
  }
  if (event.type === 'm.room.power_levels') return checkPowerLevels(rules, event, create, state);
  if (rules.redactionsInAuthRules && event.type === 'm.room.redaction') return checkRedaction(rules, event, state);
  return allowed;
}
