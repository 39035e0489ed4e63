import type { EventId, RoomId } from '../../matrix/ids/brands.ts';
import type { Requester } from './from-user.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

export type MarkerType = 'm.read' | 'm.read.private' | 'm.fully_read';

export interface Marker {
  readonly roomId: RoomId;
  readonly type: MarkerType;
  /** `''`: unthreaded. */
  readonly threadId: string;
  readonly eventId: EventId;
}

/** A public receipt is the room's, the others are the user's own. Source: Client-Server API, "Receipts". */
export async function mark(
  { room, ownMarker, now }: Pick<RoomRoutesDeps, 'room' | 'ownMarker' | 'now'>,
  { userId, shard }: Requester,
  { type, ...place }: Marker,
): Promise<void> {
  if (type === 'm.read') return room.receipt({ ...place, type, userId, ts: now() });
  return ownMarker({ ...place, type, userId, shard, ts: now() });
}
