import { badGateway, forbidden, type MatrixError } from '../matrix/error.ts';
import type { RoomId, ServerName } from '../matrix/ids/brands.ts';
import type { RoomsDeps } from './ports.ts';

/**
 * Whether a room of other servers may be joined over this one, by the setting `rooms.max_public_members`. Asked before
 * anything of the join is written or sent. Throws `M_FORBIDDEN` for a public room that is too large.
 * @param isInvited an invited user may enter a room that the server does not show to us: it is hardly public.
 * @returns why the join is not tried over this server, which did not tell, or `undefined`.
 */
export async function checkRoomSize(
  deps: Pick<RoomsDeps, 'remote' | 'maxPublicMembers'>,
  { roomId, server, isInvited }: { readonly roomId: RoomId; readonly server: ServerName; readonly isInvited: boolean },
): Promise<MatrixError | undefined> {
  const most = await deps.maxPublicMembers();
  if (most === 0) return undefined;
  const size = await deps.remote.roomSize(server, roomId);
  if (!size.ok) {
    return isInvited ? undefined : badGateway(`${server} did not tell how large the room is: ${size.reason.error}`);
  }
  const { isPublic, joinedMembers } = size.value;
  if (!isPublic || joinedMembers <= most) return undefined;
  throw forbidden(
    `The room has ${joinedMembers} members; users of this server may join public rooms of other servers with at most ${most}`,
    { reason: 'room-too-large', joined_members: joinedMembers, max_members: most },
  );
}
