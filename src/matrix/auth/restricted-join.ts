import type { Pdu } from '../event/pdu.ts';
import type { RoomId, ServerName } from '../ids/brands.ts';
import { parseRoomId } from '../ids/room-id.ts';
import { parseUserId, userIdServer } from '../ids/user-id.ts';
import { isJsonObject } from '../json/json-value.ts';
import type { JsonValue } from '../json/json-value.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { AuthState } from './auth-state.ts';
import { joinRuleOf, membershipOf } from './membership.ts';
import { actionLevel, userPowerLevel } from './power-levels.ts';

/** Whether joins are restricted: open to members of other rooms. `knock_restricted` counts where the version has it. */
export function isRestricted(rules: RoomVersionRules, state: AuthState): boolean {
  const rule = joinRuleOf(state);
  return (
    (rules.restrictedJoins && rule === 'restricted') || (rules.knockRestrictedJoins && rule === 'knock_restricted')
  );
}

/**
 * @returns the rooms whose members may join a restricted room, in the order of its `allow` conditions, each once;
 * conditions of another type, and rooms that have no room ID, are passed over. None if joins are not restricted.
 * Source: Client-Server API, "Restricted rooms".
 */
export function allowedRooms(rules: RoomVersionRules, state: AuthState): readonly RoomId[] {
  const allow = state('m.room.join_rules', '')?.content.allow;
  if (!isRestricted(rules, state) || !Array.isArray(allow)) return [];
  return [...new Set(allow.flatMap(roomOfCondition))];
}

/**
 * Whether a user's server may let somebody join a restricted room in that user's name: a member who may invite.
 * Source: rule "the `join_rule` is `restricted`" of Room Version 8.
 */
export function mayAuthoriseJoin(rules: RoomVersionRules, state: AuthState, userId: string): boolean {
  return (
    membershipOf(state, userId) === 'join' &&
    userPowerLevel(rules, state, userId) >= actionLevel(rules, state, 'invite')
  );
}

/** @returns the server that must sign a restricted join beside the user's own; `undefined` where none is named. */
export function authorisingServer(rules: RoomVersionRules, { content }: Pick<Pdu, 'content'>): ServerName | undefined {
  const { join_authorised_via_users_server: authoriser } = content;
  const parsed = rules.restrictedJoins && typeof authoriser === 'string' ? parseUserId(authoriser) : undefined;
  return parsed?.ok === true ? userIdServer(parsed.value) : undefined;
}

function roomOfCondition(condition: JsonValue): readonly RoomId[] {
  if (!isJsonObject(condition) || condition.type !== 'm.room_membership') return [];
  const parsed = typeof condition.room_id === 'string' ? parseRoomId(condition.room_id) : undefined;
  return parsed?.ok === true ? [parsed.value] : [];
}
