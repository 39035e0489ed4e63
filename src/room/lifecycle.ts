import { forbidden, invalidParam, notFound } from '../matrix/error.ts';
import type { Lifecycle, RoomMeta } from './store.ts';

/** For clients: a room that we are not in is forbidden, whether or not it exists (contracts, section 3). */
export function requireLive(meta: RoomMeta): void {
  const lifecycle = meta.lifecycle();
  if (lifecycle !== 'live') throw forbidden('You are not in this room');
}

/** For servers: a room that we are not in is not found. */
export function requireLiveForServers(meta: RoomMeta): void {
  if (meta.lifecycle() !== 'live') throw notFound('This server is not in that room');
}

/**
 * For servers that read: what we know of a room does not go away with our last user, and the events with which a server
 * leaves rest on others that nobody else may have. Throws `M_NOT_FOUND` for a room that we were never in.
 */
export function requireKnownForServers(meta: RoomMeta): void {
  const lifecycle = meta.lifecycle();
  if (lifecycle !== 'live' && lifecycle !== 'left') throw notFound('This server is not in that room');
}

/** What we know of a room by hearsay: its version is what the newest word of it says. */
const HEARSAY: ReadonlySet<Lifecycle> = new Set(['unborn', 'stub', 'purged']);

/**
 * An invitation names the version of its room, and anybody may invite: it must not decide how a room is read that is
 * joined later. Throws `M_INVALID_PARAM` where the room is ours, was ours, or is being joined with another version.
 */
export function adoptInvitedVersion(meta: RoomMeta, version: string): void {
  adopt(meta, version, HEARSAY.has(meta.lifecycle()));
}

/** The same for the template of a join: the next server asked may contradict the one before. */
export function adoptJoinedVersion(meta: RoomMeta, version: string): void {
  adopt(meta, version, HEARSAY.has(meta.lifecycle()) || meta.lifecycle() === 'joining');
}

function adopt(meta: RoomMeta, version: string, mayChange: boolean): void {
  if (meta.roomVersion() === version) return;
  if (!mayChange) throw invalidParam(`The room has version ${meta.roomVersion()}`);
  meta.setRoomVersion(version);
}
