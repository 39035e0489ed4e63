import type { RoomId, ServerName } from '../matrix/ids/brands.ts';
import type { RoomsDeps } from './ports.ts';
import { refuseKind, refuseSize } from './room-limits.ts';

/**
 * Whether a room of other servers may be joined over this one, by the settings `rooms.max_public_members`,
 * `rooms.encrypted` and `rooms.non_private`. Asked before anything of the join is written or sent. Throws
 * `M_RESOURCE_LIMIT_EXCEEDED` for a public room that is too large, and `M_FORBIDDEN` for one of a kind that is not wanted.
 * Where the server does not tell, the state that it answers the join with does.
 */
export async function checkRemoteRoom(
  deps: Pick<RoomsDeps, 'serverName' | 'remote' | 'roomLimits'>,
  { roomId, server }: { readonly roomId: RoomId; readonly server: ServerName },
): Promise<void> {
  const limits = await deps.roomLimits();
  if (limits.maxPublicMembers === 0 && limits.encrypted && limits.nonPrivate) return;
  const entry = await deps.remote.roomEntry(server, roomId);
  if (!entry.ok) return;
  refuseKind(limits, entry.value);
  refuseSize(deps.serverName, limits, entry.value);
}
