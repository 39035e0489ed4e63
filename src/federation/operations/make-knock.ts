// GET /_matrix/federation/v1/make_knock/{roomId}/{userId} (Server-Server API, "Knocking upon a room")
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { readTemplate, type MembershipTemplate } from './make-join.ts';

/** @param versions the room versions that we can knock on. */
export async function makeKnock(
  client: Pick<FederationClient, 'request'>,
  args: {
    readonly destination: ServerName;
    readonly roomId: RoomId;
    readonly userId: UserId;
    readonly versions: readonly string[];
  },
): Promise<FederationResult<MembershipTemplate>> {
  const { destination, roomId, userId, versions } = args;
  const query = versions.map((version) => ['ver', version] as const);
  const target = requestTarget('/_matrix/federation/v1/make_knock/{}/{}', [roomId, userId], query);
  const answer = await client.request({ destination, method: 'GET', target });
  return answer.ok ? readTemplate(answer.value) : answer;
}
