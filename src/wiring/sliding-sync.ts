import type { RoomClient } from '../durable/room/client.ts';
import type { ShardClient } from '../durable/user/client.ts';
import type { SlidingRooms, SlidingShard } from '../sync/sliding/ports.ts';
import { nextMessage } from './sync-shard.ts';

/** Meets the shard's port of sliding sync. It waits as any sync does, for a message that is empty. */
export function slidingShard(client: ShardClient): SlidingShard {
  return {
    plan: ({ presence, toDevice, ...query }) =>
      client.slidingPlan({
        ...query,
        ...(presence === undefined ? {} : { presence }),
        ...(toDevice === undefined ? {} : { toDevice }),
      }),
    commit: (answer) => client.slidingCommit(answer),
    wait: async ({ connId, after, timeoutMs, presence, ...device }) => {
      const shown = presence === undefined ? {} : { presence };
      const plan = { ...device, ...shown, since: after, fullState: false, includeLeave: true };
      return (await nextMessage(await client.wait({ after, connId, plan }), timeoutMs)) !== undefined;
    },
    joined: async ({ userId, roomIds }) => {
      const joined = new Set(await client.joinedRooms({ userId }));
      return roomIds.filter((roomId) => joined.has(roomId));
    },
  };
}

export function slidingRooms(rooms: RoomClient): SlidingRooms {
  return {
    readInvite: (query) => rooms.readInvite(query),
    readSliding: (query) => rooms.readSliding(query),
    spaceChildren: (space) => rooms.spaceChildren(space),
  };
}
