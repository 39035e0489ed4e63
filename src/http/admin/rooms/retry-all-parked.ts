// POST /_eyrie/admin/v1/rooms/{roomId}/retry-parked
import { Hono } from 'hono';

import { administeredRoom, type AdminRoomDeps } from './administered-room.ts';

/** Has every parked event tried at once, those that crashed too; what becomes of them is seen in the list. */
export const retryAllParked = ({ requireAdmin, registry, rooms, audit, now }: AdminRoomDeps) =>
  new Hono().post('/_eyrie/admin/v1/rooms/:roomId/retry-parked', ...requireAdmin, async (c) => {
    const roomId = await administeredRoom(registry, c.req.param('roomId'));
    const retried = await rooms.retryParked({ roomId });
    const detail = { room_id: roomId, retried };
    await audit.write({ ts: now(), by: c.var.requester.userId, action: 'retry_parked', detail });
    return c.json({ retried });
  });
