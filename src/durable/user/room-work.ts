import type { Config, Env } from '../../config.ts';
import { MatrixError } from '../../matrix/error.ts';
import type { ShardUser } from '../../user/devices/device-store.ts';
import type { RoomJob } from '../../user/room-jobs/room-job-store.ts';
import { leaveRoom } from '../../rooms/leave-room.ts';
import { objectStubs } from '../objects.ts';
import { roomClient, type RoomClient } from '../room/client.ts';
import { settingsOf } from '../settings.ts';

/** What a shard has done in the rooms of its users. */
export type RoomWork = (job: RoomJob, user: ShardUser) => Promise<boolean>;

/**
 * Does one room of a job through the room's object, whose registry row was there before the user came into it.
 * @returns false where the room did not answer; what it refuses is done: the user is not in it any more.
 */
export function roomWork(env: Env, config: Config): RoomWork {
  const rooms = roomClient(objectStubs(env, config), settingsOf(env, config));
  return (job, user) =>
    oneOf(rooms, job, user).then(
      () => true,
      (error: unknown) => error instanceof MatrixError && error.status < 500 && error.status !== 429,
    );
}

async function oneOf(rooms: RoomClient, job: RoomJob, { profile, isGuest }: ShardUser): Promise<void> {
  const { kind, userId, roomId } = job;
  switch (kind) {
    case 'profile':
      await rooms.changeMembership({
        roomId,
        action: 'join',
        sender: userId,
        target: userId,
        content: { ...profile },
        onlyIfJoined: true,
        isGuest,
      });
      return;
    case 'departure':
      await leaveRoom({ rooms, registry: { has: async () => true } }, { userId }, roomId, {});
      return;
    case 'erasure':
      await rooms.erase({ roomId, userId });
  }
}
