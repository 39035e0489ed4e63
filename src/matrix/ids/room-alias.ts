import { allow, deny, type Result } from '../result.ts';
import type { RoomAlias, ServerName } from './brands.ts';
import { isIdentifierText } from './identifier-text.ts';
import { parseServerName } from './server-name.ts';

/** Parses a room alias. Source: Appendices, "Room Aliases". */
export function parseRoomAlias(text: string): Result<RoomAlias, string> {
  const colon = text.indexOf(':');
  if (!text.startsWith('#') || colon < 1 || !isIdentifierText(text)) return deny('not a room alias');
  const server = parseServerName(text.slice(colon + 1));
  return server.ok ? allow(text as RoomAlias) : server;
}

/** The server that knows which room an alias names. */
export function roomAliasServer(alias: RoomAlias): ServerName {
  return alias.slice(alias.indexOf(':') + 1) as ServerName;
}
