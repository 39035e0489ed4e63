import {
  badJson,
  invalidParam,
  invalidRoomState,
  MatrixError,
  roomInUse,
  unsupportedRoomVersion,
} from '../matrix/error.ts';
import { buildPdu } from '../matrix/event/build.ts';
import type { Pdu } from '../matrix/event/pdu.ts';
import { parseRoomAlias } from '../matrix/ids/room-alias.ts';
import type { EventId, RoomAlias, RoomId, UserId } from '../matrix/ids/brands.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';
import { inviteUser } from './invite-user.ts';
import { initialEvents, type CreateRoomOptions } from './initial-events.ts';
import type { Asker, RoomsDeps } from './ports.ts';

const ATTEMPTS = 3;

/**
 * Creates a room: the create event is built here, since from room version 12 on it names the room; all initial events
 * are one transaction in the room's object. Invitations come after the commit, and their failure does not fail it.
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
  const roomId = await createOnce(deps, asker, { ...options, alias }, rules);
  if (options.isPublic) await deps.registry.setPublished(roomId, true);
  for (const target of options.invite) {
    await inviteUser(deps, asker.userId, roomId, target, options.isDirect ? { is_direct: true } : {}).catch(
      (error: unknown) => {
        if (!(error instanceof MatrixError)) throw error;
      },
    );
  }
  return roomId;
}

async function createOnce(
  deps: RoomsDeps,
  asker: Asker,
  options: CreateRoomOptions & { readonly alias: RoomAlias | undefined },
  rules: RoomVersionRules,
): Promise<RoomId> {
  const { alias } = options;
  const profile = await deps.users.profileOf(asker);
  for (let attempt = 0; ; attempt += 1) {
    // The clock stands still within a request: in a room version that names the room by its create event, a second
    // room of the same moment needs another timestamp.
    const create = await buildCreateEvent(deps, asker.userId, options, rules, deps.now() + attempt);
    await deps.registry.add(create.roomId, rules.id);
    if (alias !== undefined) await deps.aliases.reserve(alias, create.roomId, asker.userId);
    try {
      await deps.rooms.create({
        roomId: create.roomId,
        roomVersion: rules.id,
        create: { eventId: create.eventId, json: canonicalJson(create.json) },
        creatorShard: asker.shard,
        initial: initialEvents(rules, asker.userId, profile, options),
      });
    } catch (error) {
      if (alias !== undefined) await deps.aliases.remove(alias);
      if (!(error instanceof MatrixError)) throw error;
      if (error.errcode === 'M_ROOM_IN_USE' && attempt + 1 < ATTEMPTS) continue;
      if (error.errcode === 'M_FORBIDDEN') throw invalidRoomState(error.message);
      throw error;
    }
    if (alias !== undefined) await deps.aliases.activate(alias);
    return create.roomId;
  }
}

async function buildCreateEvent(
  deps: RoomsDeps,
  creator: UserId,
  options: CreateRoomOptions,
  rules: RoomVersionRules,
  now: number,
): Promise<Pdu> {
  const roomId = `!${deps.randomId()}:${deps.serverName}` as RoomId;
  const built = buildPdu(
    rules,
    {
      ...(rules.roomIdIsCreateEvent ? {} : { roomId }),
      type: 'm.room.create',
      sender: creator,
      stateKey: '',
      content: createContent(creator, options, rules),
      prevEvents: [],
      authEvents: [],
      depth: 1,
      originServerTs: now,
      ...(rules.eventId === 'sender'
        ? { eventId: `$${deps.randomId()}:${deps.serverName}` as EventId, referenceHashOf: () => '' }
        : {}),
    },
    deps.serverName,
    await deps.signingKey(),
  );
  if (!built.ok) throw badJson(`creation_content makes no create event: ${built.reason.kind}`);
  return built.value;
}

function createContent(creator: UserId, options: CreateRoomOptions, rules: RoomVersionRules): JsonObject {
  const trusted = options.preset === 'trusted_private_chat' && rules.creatorsArePrivileged ? options.invite : [];
  const named = options.creationContent['additional_creators'];
  const additional = [...(Array.isArray(named) ? (named as string[]) : []), ...trusted];
  const { creator: _overwritten, ...given } = options.creationContent;
  return {
    ...given,
    ...(additional.length === 0 ? {} : { additional_creators: [...new Set(additional)] }),
    ...(rules.creatorIsSender ? {} : { creator }),
    room_version: rules.id,
  };
}

function aliasOf(deps: RoomsDeps, name: string): RoomAlias {
  const parsed = parseRoomAlias(`#${name}:${deps.serverName}`);
  if (!parsed.ok || name === '' || name.includes(':')) throw invalidParam('room_alias_name is not a local part');
  return parsed.value;
}
