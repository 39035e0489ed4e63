// Restricted joins: who is let in because of another room (Client-Server API, "Restricted rooms").
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { privilegedCreators } from '../../matrix/auth/creators.ts';
import { allowedRooms, isRestricted, mayAuthoriseJoin } from '../../matrix/auth/restricted-join.ts';
import type { AuthState } from '../../matrix/auth/auth-state.ts';
import { membershipOf } from '../../matrix/auth/membership.ts';
import { forbidden, unableToAuthoriseJoin, unableToGrantJoin } from '../../matrix/error.ts';
import { parseUserId, userIdServer } from '../../matrix/ids/user-id.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import type { RoomContext } from '../room-context.ts';
import { authStateOf } from '../state/state-at.ts';
import type { RoomStore } from '../store.ts';

/** What other rooms were heard to say of a user. A room that is in neither list could not be asked. */
export interface Standing {
  readonly memberOf: readonly RoomId[];
  readonly notMemberOf: readonly RoomId[];
}

/**
 * The rooms of which one must know a user as a member before they may join; `undefined` where the join needs no such
 * thing: the room is not restricted, or the user is invited or joined, or banned, whom nothing lets in.
 */
export function joinConditions(
  store: RoomStore,
  rules: RoomVersionRules,
  userId: UserId,
): readonly RoomId[] | undefined {
  const state = currentState(store);
  const membership = membershipOf(state, userId);
  const needsNone = membership === 'join' || membership === 'invite' || membership === 'ban';
  return needsNone || !isRestricted(rules, state) ? undefined : allowedRooms(rules, state);
}

/**
 * Who of our users answers for a join, judged by the join rules of this moment.
 * @returns `undefined` where the join needs nobody.
 * Throws `M_FORBIDDEN` for who meets no condition, `M_UNABLE_TO_AUTHORISE_JOIN` where a room could not be asked that
 * might let them in, `M_UNABLE_TO_GRANT_JOIN` where none of our users may invite.
 * Source: Server-Server API, "Restricted rooms".
 */
export function authoriserOf(ctx: RoomContext, userId: UserId, standing: Standing | undefined): UserId | undefined {
  const conditions = joinConditions(ctx.store, ctx.rules, userId);
  if (conditions === undefined) return undefined;
  const { memberOf = [], notMemberOf = [] } = standing ?? {};
  if (!conditions.some((roomId) => memberOf.includes(roomId))) {
    if (conditions.every((roomId) => notMemberOf.includes(roomId))) {
      throw forbidden(`${userId} is in none of the rooms whose members may join`);
    }
    throw unableToAuthoriseJoin('This server does not know the members of the rooms that let users in');
  }
  const authoriser = inviterAmong(ctx);
  if (authoriser === undefined) throw unableToGrantJoin('No user of this server may invite to this room');
  return authoriser;
}

/** A member of ours who may invite. */
function inviterAmong({ store, rules, serverName }: RoomContext): UserId | undefined {
  const state = currentState(store);
  const named = namedWithLevels(rules, state).filter((userId) => userIdServer(userId) === serverName);
  // All whom the power levels do not name have the same level: one of them answers for the others.
  const other = store.state
    .usersOfServer(serverName)
    .find((userId) => !named.includes(userId) && membershipOf(state, userId) === 'join');
  const candidates = other === undefined ? named : [...named, other];
  return candidates.find((userId) => mayAuthoriseJoin(rules, state, userId));
}

/** So many servers are told of those that could let somebody in. */
const MAX_GRANTING = 16;

/** Servers of members who may invite, but for ours: first those of whom the power levels name. */
export function grantingServers({ store, rules, serverName }: RoomContext): readonly ServerName[] {
  const state = currentState(store);
  const mayGrant = (userId: UserId) => mayAuthoriseJoin(rules, state, userId);
  const named = namedWithLevels(rules, state);
  const granting = new Set(named.filter(mayGrant).map(userIdServer));
  for (const server of store.state.serversAt(store.stream.head())) {
    if (granting.size >= MAX_GRANTING) break;
    // All whom the power levels do not name have the same level: one of a server answers for the others.
    const other = store.state
      .usersOfServer(server)
      .find((userId) => !named.includes(userId) && membershipOf(state, userId) === 'join');
    if (other === undefined) continue;
    if (!mayGrant(other)) break;
    granting.add(server);
  }
  granting.delete(serverName);
  return [...granting].slice(0, MAX_GRANTING);
}

function namedWithLevels(rules: RoomVersionRules, state: AuthState): readonly UserId[] {
  const create = state('m.room.create', '');
  const users = state('m.room.power_levels', '')?.content['users'];
  const named = [
    ...(create === undefined ? [] : [create.sender, ...privilegedCreators(rules, create)]),
    ...Object.keys(isJsonObject(users) ? users : {}),
  ];
  return [...new Set(named)].flatMap((text) => {
    const parsed = parseUserId(text);
    return parsed.ok ? [parsed.value] : [];
  });
}

const currentState = (store: RoomStore): AuthState => authStateOf(store, { pos: store.stream.head(), group: null });
