// POST /_eyrie/admin/v1/rooms/{roomId}/rebuild-projection
import { Hono } from 'hono';

import { administeredRoom, type AdminRoomDeps } from './administered-room.ts';

/** Has what D1 knows of the room written anew by the room, 50 events each quarter of a second; answered when it begins. */
export const rebuildProjection = ({ requireAdmin, registry, rooms, audit, now }: AdminRoomDeps) =>
  new Hono().post('/_eyrie/admin/v1/rooms/:roomId/rebuild-projection', ...requireAdmin, async (c) => {
    const roomId = await administeredRoom(registry, c.req.param('roomId'));
    await rooms.rebuildProjection({ roomId });
    const detail = { room_id: roomId };
    await audit.write({ ts: now(), by: c.var.requester.userId, action: 'rebuild_projection', detail });
    return c.json({});
  });
