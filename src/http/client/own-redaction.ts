import { MatrixError, userSuspended } from '../../matrix/error.ts';
import type { EventId, RoomId } from '../../matrix/ids/brands.ts';
import { deviceScope, type Requester } from './from-user.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

/** Who is suspended redacts own events only: throws `M_USER_SUSPENDED`. Source: Client-Server API, "Account suspension". */
export async function requireOwnRedaction(
  { room }: { readonly room: Pick<RoomRoutesDeps['room'], 'readEvent'> },
  requester: Requester,
  roomId: RoomId,
  redacts: EventId | undefined,
): Promise<void> {
  if (!requester.isSuspended) return;
  const { userId } = requester;
  const asked = { roomId, userId, scope: deviceScope(requester), ignoredUsers: [] };
  const event =
    redacts === undefined
      ? undefined
      : await room.readEvent({ ...asked, eventId: redacts }).catch((error: unknown) => {
          if (error instanceof MatrixError) return undefined;
          throw error;
        });
  if (event?.sender !== userId) throw userSuspended('You cannot do this while your account is suspended');
}
