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

/**
 * The room checks every marker and keeps the receipts; a fully-read marker is account data of the user. Throws
 * `M_FORBIDDEN`, `M_NOT_FOUND` and `M_INVALID_PARAM`. Source: Client-Server API, "Receipts", "Fully read markers".
 */
export async function mark(
  { room, shard, now }: Pick<RoomRoutesDeps, 'room' | 'shard' | 'now'>,
  { userId, shard: name }: Requester,
  { type, roomId, threadId, eventId }: Marker,
): Promise<void> {
  await room.receipt({ roomId, threadId, eventId, type, userId, ts: now() });
  if (type !== 'm.fully_read') return;
  await shard(name).putAccountData({ userId, roomId, type, content: { event_id: eventId } });
}
