// GET /_matrix/federation/v1/make_leave/{roomId}/{userId} (Server-Server API, "Leaving Rooms (Rejecting Invites)")
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { readTemplate, type MembershipTemplate } from './make-join.ts';

export async function makeLeave(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly roomId: RoomId; readonly userId: UserId },
): Promise<FederationResult<MembershipTemplate>> {
  const target = requestTarget('/_matrix/federation/v1/make_leave/{}/{}', [args.roomId, args.userId]);
  const answer = await client.request({ destination: args.destination, method: 'GET', target });
  return answer.ok ? readTemplate(answer.value) : answer;
}
