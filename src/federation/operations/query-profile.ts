// GET /_matrix/federation/v1/query/profile (Server-Server API, "Querying for information")
import type { ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';

/** The specification wants profiles smaller than 64 KiB; some write them with spaces and escapes. */
const MAX_BYTES = 131_072;

/** @param args.field one field of the profile; without it the whole. */
export function queryProfile(
  client: Pick<FederationClient, 'request'>,
  args: {
    readonly destination: ServerName;
    readonly userId: UserId;
    readonly field?: string;
    readonly timeoutMs?: number;
  },
): Promise<FederationResult<JsonObject>> {
  const { destination, userId, field, timeoutMs = 10_000 } = args;
  const query = [['user_id', userId] as const, ...(field === undefined ? [] : [['field', field] as const])];
  const target = requestTarget('/_matrix/federation/v1/query/profile', [], query);
  return client.request({ destination, method: 'GET', target, timeoutMs, maxBytes: MAX_BYTES });
}
