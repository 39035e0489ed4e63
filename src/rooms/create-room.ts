import { invalidParam, invalidRoomState, MatrixError, roomInUse, unsupportedRoomVersion } from '../matrix/error.ts';
import { parseRoomAlias } from '../matrix/ids/room-alias.ts';
import type { RoomAlias, RoomId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';
import { inviteUser } from './invite-user.ts';
import { initialEvents, type CreateRoomOptions } from './initial-events.ts';
import { makeRoom } from './new-room.ts';
import type { Asker, RoomsDeps } from './ports.ts';

/**
 * Creates a room as a client wants it. Invitations come after the commit, and their failure does not fail it.
 * Throws `M_UNSUPPORTED_ROOM_VERSION`, `M_ROOM_IN_USE`, `M_INVALID_ROOM_STATE`.
 * Source: Client-Server API, `POST /createRoom`.
 */
export async function createRoom(deps: RoomsDeps, asker: Asker, options: CreateRoomOptions): Promise<RoomId> {
  const version = options.roomVersion ?? (await deps.defaultRoomVersion());
  const rules = roomVersionRules(version);
  if (rules === undefined) throw unsupportedRoomVersion('This server does not know that room version');
  const alias = options.aliasName === undefined ? undefined : aliasOf(deps, options.aliasName);
  if (alias !== undefined && (await deps.aliases.resolve(alias)) !== undefined) throw roomInUse('The alias is taken');
  if (options.initialState.some(({ type }) => type === 'm.room.member')) {
    throw invalidRoomState('Memberships are no initial state: users are invited by invite');
  }
  if (options.initialState.some(({ type }) => type === 'm.room.create')) {
    throw invalidRoomState('The create event is no initial state: what is in it is said by creation_content');
  }
  const profile = await deps.users.profileOf(asker);
  const roomId = await makeRoom(deps, asker, rules, {
    creationContent: creationContent(options, rules),
    initial: initialEvents(rules, asker.userId, profile, { ...options, alias }),
    alias,
  });
  if (options.isPublic) await deps.registry.setPublished(roomId, true);
  for (const target of options.invite) {
    await inviteUser(deps, asker.userId, roomId, target, directContent(options.isDirect)).catch((error: unknown) => {
      if (!(error instanceof MatrixError)) throw error;
    });
  }
  return roomId;
}

/** What the invitations of a direct chat say. */
export const directContent = (isDirect: boolean): JsonObject => (isDirect ? { is_direct: true } : {});

function creationContent(options: CreateRoomOptions, rules: RoomVersionRules): JsonObject {
  const trusted = options.preset === 'trusted_private_chat' && rules.creatorsArePrivileged ? options.invite : [];
  const named = options.creationContent['additional_creators'];
  const additional = [...(Array.isArray(named) ? (named as string[]) : []), ...trusted];
  const { creator: _overwritten, ...given } = options.creationContent;
  return {
    ...given,
    ...(additional.length === 0 ? {} : { additional_creators: [...new Set(additional)] }),
  };
}

function aliasOf(deps: RoomsDeps, name: string): RoomAlias {
  const parsed = parseRoomAlias(`#${name}:${deps.serverName}`);
  if (!parsed.ok || name === '' || name.includes(':')) throw invalidParam('room_alias_name is not a local part');
  return parsed.value;
}
