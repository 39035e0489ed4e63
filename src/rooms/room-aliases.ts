import { aliasExists, forbidden, invalidParam, MatrixError, notFound } from '../matrix/error.ts';
import { roomAliasServer } from '../matrix/ids/room-alias.ts';
import type { RoomAlias, RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { requireDirectoryPower, requireJoined } from './directory-power.ts';
import { remoteError } from './invite-user.ts';
import { requireKnownRoom } from './known-room.ts';
import type { Asker, RoomsDeps } from './ports.ts';
import { membershipOf, stateEvent, type RoomReader } from './room-reader.ts';

/** What our own directory says. Active aliases only. */
export interface LocalDirectory {
  entry(alias: RoomAlias): Promise<{ readonly roomId: RoomId; readonly creator: UserId } | undefined>;
  aliasesOf(roomId: RoomId): Promise<readonly RoomAlias[]>;
  isPublished(roomId: RoomId): Promise<boolean>;
}

export interface AliasesDeps {
  readonly rooms: Pick<RoomsDeps, 'serverName' | 'registry' | 'aliases' | 'remote'>;
  readonly room: RoomReader & { joinedServers(call: { roomId: RoomId }): Promise<readonly ServerName[]> };
  readonly directory: LocalDirectory;
}

/** Who asks, and whether they administrate this server. */
export type DirectoryAsker = Asker & { readonly isAdmin: boolean };

export interface ResolvedAlias {
  readonly roomId: RoomId;
  readonly servers: readonly ServerName[];
}

/** Servers named beside an alias: who joins asks a few of them. */
const MAX_SERVERS = 50;

/**
 * Whom an alias names: ours from the directory, another server's by asking it.
 * Throws `M_NOT_FOUND`, and 502 for a server that cannot be asked.
 * Source: Client-Server API, `GET /directory/room/{roomAlias}`.
 */
export async function resolveAlias(
  { rooms, room }: Pick<AliasesDeps, 'rooms' | 'room'>,
  alias: RoomAlias,
): Promise<ResolvedAlias> {
  const server = roomAliasServer(alias);
  if (server !== rooms.serverName) {
    const answer = await rooms.remote.resolveAlias(alias);
    if (!answer.ok) throw remoteError(answer.reason, server);
    return answer.value;
  }
  const roomId = await rooms.aliases.find(alias);
  if (roomId === undefined) throw notFound(`There is no ${alias}`);
  const joined = (await rooms.registry.has(roomId)) ? await joinedServers(room, roomId) : [];
  return { roomId, servers: [...new Set([rooms.serverName, ...joined])].slice(0, MAX_SERVERS) };
}

/** A room that we have left knows nobody any more. */
async function joinedServers(room: AliasesDeps['room'], roomId: RoomId): Promise<readonly ServerName[]> {
  try {
    return await room.joinedServers({ roomId });
  } catch (error) {
    if (error instanceof MatrixError && error.errcode === 'M_NOT_FOUND') return [];
    throw error;
  }
}

/**
 * Names a room by an alias of ours; for who is joined to it. Throws 409 for one that exists, `M_INVALID_PARAM` for one
 * of another server. Source: Client-Server API, `PUT /directory/room/{roomAlias}`.
 */
export async function setAlias(deps: AliasesDeps, asker: Asker, alias: RoomAlias, roomId: RoomId): Promise<void> {
  const { rooms, room } = deps;
  requireLocal(rooms.serverName, alias);
  await requireKnownRoom(rooms.registry, roomId);
  await requireJoined(room, asker, roomId);
  try {
    await rooms.aliases.reserve(alias, roomId, asker.userId);
  } catch (error) {
    if (error instanceof MatrixError && error.errcode === 'M_ROOM_IN_USE') throw aliasExists(`${alias} exists already`);
    throw error;
  }
  await rooms.aliases.activate(alias);
}

/**
 * Removes an alias of ours; for who made it, who may send the room's `m.room.canonical_alias`, and administrators.
 * Throws `M_NOT_FOUND` or `M_FORBIDDEN`. Source: Client-Server API, `DELETE /directory/room/{roomAlias}`.
 */
export async function deleteAlias(deps: AliasesDeps, asker: DirectoryAsker, alias: RoomAlias): Promise<void> {
  const { rooms, room, directory } = deps;
  requireLocal(rooms.serverName, alias);
  const entry = await directory.entry(alias);
  if (entry === undefined) throw notFound(`There is no ${alias}`);
  if (entry.creator !== asker.userId && !asker.isAdmin) {
    await requireKnownRoom(rooms.registry, entry.roomId);
    await requireDirectoryPower(room, asker, entry.roomId);
  }
  await rooms.aliases.remove(alias);
}

/**
 * The aliases of ours that name a room; for who is joined, or for everybody where the room is world readable. Throws
 * `M_FORBIDDEN`. Source: Client-Server API, `GET /rooms/{roomId}/aliases`.
 */
export async function localAliases(deps: AliasesDeps, asker: Asker, roomId: RoomId): Promise<readonly RoomAlias[]> {
  const { rooms, room, directory } = deps;
  await requireKnownRoom(rooms.registry, roomId);
  if ((await membershipOf(room, asker, roomId, asker.userId)) !== 'join') {
    const visibility = await stateEvent(room, asker, roomId, ['m.room.history_visibility', '']);
    if (visibility?.content['history_visibility'] !== 'world_readable') throw forbidden('You are not in this room');
  }
  return directory.aliasesOf(roomId);
}

/**
 * Publishes a room in our directory, or takes it out; for who may send its `m.room.canonical_alias`, and for
 * administrators. Throws `M_NOT_FOUND` for an unknown room.
 * Source: Client-Server API, `PUT /directory/list/room/{roomId}`.
 */
export async function setPublished(
  deps: AliasesDeps,
  asker: DirectoryAsker,
  roomId: RoomId,
  published: boolean,
): Promise<void> {
  const { rooms, room } = deps;
  if (!(await rooms.registry.has(roomId))) throw notFound('This server does not know that room');
  if (!asker.isAdmin) await requireDirectoryPower(room, asker, roomId);
  await rooms.registry.setPublished(roomId, published);
}

/** Throws `M_NOT_FOUND` for an unknown room. Source: Client-Server API, `GET /directory/list/room/{roomId}`. */
export async function isPublished(deps: Pick<AliasesDeps, 'rooms' | 'directory'>, roomId: RoomId): Promise<boolean> {
  if (!(await deps.rooms.registry.has(roomId))) throw notFound('This server does not know that room');
  return deps.directory.isPublished(roomId);
}

function requireLocal(serverName: ServerName, alias: RoomAlias): void {
  if (roomAliasServer(alias) !== serverName) throw invalidParam('The alias belongs to another server');
}
