import { allow, deny, type Result } from '../result.ts';
import type { ServerName, UserId } from './brands.ts';
import { parseServerName } from './server-name.ts';

const MAX_BYTES = 255;

/**
 * Parses a user ID, historical forms included: any non-empty local part without a colon or NUL.
 * Source: Appendices, "User Identifiers" and "Historical User IDs".
 */
export function parseUserId(text: string): Result<UserId, string> {
  const colon = text.indexOf(':');
  if (!text.startsWith('@') || colon < 1) return deny('not a user ID');
  if (Buffer.byteLength(text) > MAX_BYTES) return deny('longer than 255 bytes');
  if (text.includes('\0')) return deny('not a user ID');
  const server = parseServerName(text.slice(colon + 1));
  return server.ok ? allow(text as UserId) : server;
}

/** Whether a local part may be given to a new user. Source: Appendices, "User Identifiers". */
export function isValidNewLocalpart(localpart: string): boolean {
  return /^[a-z0-9._=\-/+]+$/.test(localpart);
}

export function userIdServer(userId: UserId): ServerName {
  return userId.slice(userId.indexOf(':') + 1) as ServerName;
}

export function userIdLocalpart(userId: UserId): string {
  return userId.slice(1, userId.indexOf(':'));
}

export function makeUserId(localpart: string, server: ServerName): Result<UserId, string> {
  return parseUserId(`@${localpart}:${server}`);
}
