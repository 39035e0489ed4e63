import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { ProgressStore } from '../progress/store.ts';
import type { DeviceListChange, DeviceListStore } from './device-list-store.ts';

export interface DeviceListsPlan {
  /** Whose device lists changed, who share a room with the user; the user among them. */
  readonly changed: readonly UserId[];
  /** Rooms to ask who came and went, from `from` on or, where that is `undefined`, who is there. */
  readonly rooms: readonly { readonly roomId: RoomId; readonly from: number | undefined; readonly to: number }[];
}

interface Stores {
  readonly deviceLists: Pick<DeviceListStore, 'changedAfter' | 'membersChangedAfter' | 'newest' | 'forgottenThrough'>;
  readonly progress: Pick<ProgressStore, 'roomsOf' | 'isJoinedToOne' | 'sharesRoom' | 'cursor' | 'positionAt'>;
}

/**
 * What a client that tracks device lists may have to hear. Where nothing can have come this is one comparison.
 * @param since the `seq` of its token; `lost`: one that means nothing any more, so that it is told of everybody.
 * @returns `undefined` where there is nothing. Source: Client-Server API, "Tracking the device list for a user".
 */
export function deviceListsPlan(stores: Stores, userId: UserId, since: number | 'lost'): DeviceListsPlan | undefined {
  const { deviceLists, progress } = stores;
  if (since !== 'lost' && since >= deviceLists.newest()) return undefined;
  if (since === 'lost' || since < deviceLists.forgottenThrough()) {
    return { changed: [userId], rooms: roomsToAsk(progress, userId, undefined) };
  }
  const told = deviceLists.changedAfter(since).filter((change) => isTold(progress, userId, change));
  const changed = [...new Set(told.map((change) => change.userId))];
  const moved = deviceLists.membersChangedAfter(since);
  const rooms = moved.size === 0 ? [] : roomsToAsk(progress, userId, { since, moved });
  return changed.length + rooms.length === 0 ? undefined : { changed, rooms };
}

/** Whether a change is news to a user: their own, and of whom they share a room with. */
export function isTold(
  progress: Pick<ProgressStore, 'isJoinedToOne' | 'sharesRoom'>,
  userId: UserId,
  change: DeviceListChange,
): boolean {
  if (change.viewer !== undefined) return change.viewer === userId;
  if (change.userId === userId) return true;
  return change.roomIds === undefined
    ? progress.sharesRoom(userId, change.userId)
    : progress.isJoinedToOne(userId, change.roomIds);
}

/** Also those that the user has left since. */
function roomsToAsk(
  progress: Stores['progress'],
  userId: UserId,
  after: { readonly since: number; readonly moved: ReadonlySet<RoomId> } | undefined,
): DeviceListsPlan['rooms'] {
  return progress
    .roomsOf(userId)
    .filter(({ roomId, membership, wasJoined, seq }) => {
      if (after === undefined) return membership === 'join';
      return wasJoined && after.moved.has(roomId) && (membership === 'join' || seq > after.since);
    })
    .flatMap(({ roomId }) => {
      const to = progress.cursor(roomId)?.pos;
      const from = after === undefined ? undefined : progress.positionAt(roomId, after.since);
      return to === undefined ? [] : [{ roomId, from, to }];
    });
}
