import { allow, deny, type Result } from '../result.ts';
import type { ServerName, UserId } from './brands.ts';
import { isIdentifierText } from './identifier-text.ts';
import { parseServerName } from './server-name.ts';

/**
 * Parses a user ID, historical forms included: any local part without a colon or NUL, the empty one too; at most 255
 * bytes. Source: Appendices, "User Identifiers" and "Historical User IDs".
 */
export function parseUserId(text: string): Result<UserId, string> {
  const colon = text.indexOf(':');
  if (!text.startsWith('@') || colon < 1 || !isIdentifierText(text)) return deny('not a user ID');
  const server = parseServerName(text.slice(colon + 1));
  return server.ok ? allow(text as UserId) : server;
}

/**
 * Whether a local part has only characters that a new user's may have. Its length is a question of the whole ID:
 * {@link makeUserId}. Source: Appendices, "User Identifiers".
 */
export function isValidNewLocalpart(localpart: string): boolean {
  return /^[a-z0-9._=\-/+]+$/.test(localpart);
}

/** The server that a user belongs to. */
export function userIdServer(userId: UserId): ServerName {
  return userId.slice(userId.indexOf(':') + 1) as ServerName;
}

/** What stands between `@` and the first colon. */
export function userIdLocalpart(userId: UserId): string {
  return userId.slice(1, userId.indexOf(':'));
}

/** @returns `@localpart:server`, or a refusal if that is no user ID: more than 255 bytes, a colon in the local part. */
export function makeUserId(localpart: string, server: ServerName): Result<UserId, string> {
  return localpart.includes(':') ? deny('a local part has no colon') : parseUserId(`@${localpart}:${server}`);
}
