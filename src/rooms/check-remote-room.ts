import { badGateway, forbidden, type MatrixError } from '../matrix/error.ts';
import type { RoomId, ServerName } from '../matrix/ids/brands.ts';
import type { RoomsDeps } from './ports.ts';
import { refuseKind } from './room-limits.ts';

/**
 * Whether a room of other servers may be joined over this one, by the settings `rooms.max_public_members`,
 * `rooms.encrypted` and `rooms.non_private`. Asked before anything of the join is written or sent. Throws `M_FORBIDDEN`
 * for a public room that is too large, and one of a kind that is not wanted; where the server does not tell the kind, the
 * state that it answers the join with does.
 * @param isInvited an invited user may enter a room that the server does not show to us: it is hardly public.
 * @returns why the join is not tried over this server, which did not tell, or `undefined`.
 */
export async function checkRemoteRoom(
  deps: Pick<RoomsDeps, 'remote' | 'roomLimits'>,
  { roomId, server, isInvited }: { readonly roomId: RoomId; readonly server: ServerName; readonly isInvited: boolean },
): Promise<MatrixError | undefined> {
  const limits = await deps.roomLimits();
  const { maxPublicMembers: most, encrypted, nonPrivate } = limits;
  if (most === 0 && encrypted && nonPrivate) return undefined;
  const size = await deps.remote.roomEntry(server, roomId);
  if (!size.ok) {
    return isInvited || most === 0
      ? undefined
      : badGateway(`${server} did not tell how large the room is: ${size.reason.error}`);
  }
  refuseKind(limits, size.value);
  const { isPublic, joinedMembers } = size.value;
  if (!isPublic || most === 0 || joinedMembers <= most) return undefined;
  throw forbidden(
    `The room has ${joinedMembers} members; users of this server may join public rooms of other servers with at most ${most}`,
    { reason: 'room-too-large', joined_members: joinedMembers, max_members: most },
  );
}
