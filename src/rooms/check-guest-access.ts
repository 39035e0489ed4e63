import { badGateway, guestAccessForbidden, type MatrixError } from '../matrix/error.ts';
import type { RoomId, ServerName } from '../matrix/ids/brands.ts';
import type { RoomsDeps } from './ports.ts';

/**
 * Whether a room of other servers admits guests, as far as a server in it says so: it is asked before anything of the
 * join is written or sent. In the room its own state counts. Throws `M_GUEST_ACCESS_FORBIDDEN` for one that admits none.
 * @returns why the join is not tried over this server, which did not tell, or `undefined`.
 * Source: Client-Server API, "Guest access".
 */
export async function checkGuestAccess(
  { remote }: Pick<RoomsDeps, 'remote'>,
  { roomId, server }: { readonly roomId: RoomId; readonly server: ServerName },
): Promise<MatrixError | undefined> {
  const entry = await remote.roomEntry(server, roomId);
  if (!entry.ok) return badGateway(`${server} did not tell whether the room admits guests: ${entry.reason.error}`);
  if (!entry.value.guestCanJoin) throw guestAccessForbidden('This room admits no guests');
  return undefined;
}
