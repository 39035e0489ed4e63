import { forbidden, notFound } from '../matrix/error.ts';
import type { RoomMeta } from './store.ts';

/** For clients: a room that we are not in is forbidden, whether or not it exists (contracts, section 3). */
export function requireLive(meta: RoomMeta): void {
  const lifecycle = meta.lifecycle();
  if (lifecycle !== 'live') throw forbidden('You are not in this room');
}

/** For servers: a room that we are not in is not found. */
export function requireLiveForServers(meta: RoomMeta): void {
  if (meta.lifecycle() !== 'live') throw notFound('This server is not in that room');
}
