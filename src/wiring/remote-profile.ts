import type { FederationClient } from '../federation/client.ts';
import { queryProfile } from '../federation/operations/query-profile.ts';
import { badGateway, notFound } from '../matrix/error.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import type { UserId } from '../matrix/ids/brands.ts';

/** A profile as its user's server tells it. Throws `M_NOT_FOUND`, 502 for a server that cannot be asked. */
export async function remoteProfile(
  client: FederationClient,
  userId: UserId,
): Promise<{ displayname?: string; avatar_url?: string }> {
  const answer = await queryProfile(client, { destination: userIdServer(userId), userId });
  if (!answer.ok) {
    if (answer.reason.kind === 'refused' && answer.reason.status < 500) throw notFound('There is no such user');
    throw badGateway('The server of the user could not be asked');
  }
  const { displayname, avatar_url: avatarUrl } = answer.value;
  return {
    ...(typeof displayname === 'string' ? { displayname } : {}),
    ...(typeof avatarUrl === 'string' ? { avatar_url: avatarUrl } : {}),
  };
}
