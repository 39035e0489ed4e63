import type { RoomId, UserId } from '../matrix/ids/brands.ts';
import { MatrixError } from '../matrix/error.ts';
import type { Asker, RoomsDeps } from './ports.ts';

/** Rooms that are told at a time. */
const ROOMS_AT_ONCE = 10;

/**
 * Writes a user's present profile into the rooms that they are joined to. A room that refuses (the user was removed
 * meanwhile) is passed over. Source: Client-Server API, "Profiles", "Events on Change of Profile Information".
 */
export async function propagateProfile(
  deps: Pick<RoomsDeps, 'rooms' | 'users'> & { joinedRooms(user: Asker): Promise<readonly RoomId[]> },
  user: { readonly userId: UserId; readonly shard: string },
): Promise<void> {
  const profile = await deps.users.profileOf(user);
  const rooms = await deps.joinedRooms(user);
  for (let at = 0; at < rooms.length; at += ROOMS_AT_ONCE) {
    const batch = rooms.slice(at, at + ROOMS_AT_ONCE);
    await Promise.all(
      batch.map((roomId) =>
        deps.rooms
          .changeMembership({
            roomId,
            action: 'join',
            sender: user.userId,
            target: user.userId,
            targetShard: user.shard,
            content: profile,
            onlyIfJoined: true,
          })
          .catch((error: unknown) => {
            if (!(error instanceof MatrixError)) throw error;
          }),
      ),
    );
  }
}
