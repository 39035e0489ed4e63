import { allow, deny, type Result } from '../result.ts';
import type { RoomId, ServerName } from './brands.ts';
import { isIdentifierText } from './identifier-text.ts';
import { parseServerName } from './server-name.ts';

/**
 * Parses a room ID, with a domain or, from room version 12 on, without. Which of them a room version has, and that the
 * latter is a hash, is asked where the version is known. Source: Appendices, "Room IDs".
 */
export function parseRoomId(text: string): Result<RoomId, string> {
  if (!text.startsWith('!') || text.length < 2 || !isIdentifierText(text)) return deny('not a room ID');
  const colon = text.indexOf(':');
  if (colon >= 0) {
    const server = parseServerName(text.slice(colon + 1));
    if (!server.ok) return server;
  }
  return allow(text as RoomId);
}

/** The domain of a room ID; `undefined` for one that is a hash. */
export function roomIdServer(roomId: RoomId): ServerName | undefined {
  const colon = roomId.indexOf(':');
  return colon < 0 ? undefined : (roomId.slice(colon + 1) as ServerName);
}
