import type { ServerName } from '../ids/brands.ts';
import { matchesGlob } from '../ids/matches-glob.ts';
import { splitServerName } from '../ids/server-name.ts';
import type { JsonObject, JsonValue } from '../json/json-value.ts';

/**
 * Whether a room's ACL lets a server take part. It is no authorisation rule: it is asked when a server makes a request.
 * @param content of the `m.room.server_acl` event in the current state; `undefined` where there is none.
 * Source: Client-Server API, `m.room.server_acl`.
 */
export function isAllowedByAcl(content: JsonObject | undefined, server: ServerName): boolean {
  if (content === undefined) return true;
  const { host, kind } = splitServerName(server);
  const { allow, deny, allow_ip_literals: allowsLiterals } = content;
  if (kind !== 'dns' && allowsLiterals === false) return false;
  const name = host.toLowerCase();
  return !isListed(deny, name) && isListed(allow, name);
}

function isListed(globs: JsonValue | undefined, name: string): boolean {
  if (!Array.isArray(globs)) return false;
  return globs.some((glob: JsonValue) => typeof glob === 'string' && matchesGlob(glob.toLowerCase(), name));
}
