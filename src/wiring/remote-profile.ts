import type { FederationClient } from '../federation/client.ts';
import { describeFailure } from '../federation/failure.ts';
import { queryProfile } from '../federation/operations/query-profile.ts';
import { eyrieConnectionFailed, eyriePolicyDenied, forbidden, notFound } from '../matrix/error.ts';
import { isNamespacedId } from '../matrix/ids/namespaced-id.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { plainJson } from '../matrix/json/plain-json.ts';

const TEXTS: ReadonlySet<string> = new Set(['displayname', 'avatar_url', 'm.tz']);

/**
 * A profile as its user's server tells it. Throws `M_NOT_FOUND`, `M_FORBIDDEN` where that server hides it,
 * `EYRIE_CONNECTION_FAILED`, `EYRIE_POLICY_DENIED`.
 */
export async function remoteProfile(client: FederationClient, userId: UserId): Promise<JsonObject> {
  const server = userIdServer(userId);
  const answer = await queryProfile(client, { destination: server, userId });
  if (!answer.ok) {
    const { reason } = answer;
    const [status, errcode] = reason.kind === 'refused' ? [reason.status, reason.errcode] : [];
    if (status === 404 && errcode === 'M_NOT_FOUND') throw notFound('There is no such user');
    if (status === 403) throw forbidden(`The server of the user does not tell: ${describeFailure(reason)}`);
    if (reason.kind === 'denied') throw eyriePolicyDenied(describeFailure(reason));
    throw eyrieConnectionFailed(`${server} ${describeFailure(reason)}`);
  }
  const fields = Object.entries(plainJson(answer.value));
  return Object.fromEntries(
    fields.filter(([name, value]) => isNamespacedId(name) && (!TEXTS.has(name) || typeof value === 'string')),
  );
}
