// GET /_matrix/federation/v1/hierarchy/{roomId} (Server-Server API, "Spaces")
import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { allow, deny } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';

export interface RoomSize {
  readonly isPublic: boolean;
  readonly joinedMembers: number;
}

/** Asks for the room itself; what belongs to it as a space is not looked at. */
export async function getRoomSize(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly roomId: RoomId },
): Promise<FederationResult<RoomSize>> {
  const target = requestTarget('/_matrix/federation/v1/hierarchy/{}', [args.roomId]);
  const answer = await client.request({ destination: args.destination, method: 'GET', target });
  if (!answer.ok) return answer;
  const { room } = answer.value;
  const { room_id: id, num_joined_members: members, join_rule: rule } = isJsonObject(room) ? room : {};
  if (id !== args.roomId || typeof members !== 'number') {
    return deny({ kind: 'garbage', reason: 'wrong or missing: room' });
  }
  // A rule that is not named is `public`.
  return allow({ isPublic: rule === undefined || rule === 'public', joinedMembers: members });
}
