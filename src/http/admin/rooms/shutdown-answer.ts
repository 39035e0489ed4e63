import type { RoomClient } from '../../../durable/room/client.ts';

type ShutdownStanding = NonNullable<Awaited<ReturnType<RoomClient['status']>>['shutdown']>;

/** How far the closing of a room is. */
export const shutdownAnswer = ({ by, since, notice, step, removed, failed, remaining }: ShutdownStanding) => ({
  step,
  by,
  since_ts: since,
  notice_room_id: notice?.roomId ?? null,
  removed,
  remaining,
  failed,
});
