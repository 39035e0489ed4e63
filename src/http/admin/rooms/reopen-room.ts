// DELETE /_eyrie/admin/v1/rooms/{roomId}/shutdown
import { Hono } from 'hono';

import { administeredRoom, type AdminRoomDeps } from './administered-room.ts';

/** Users may come into the room again; who has left does not come back by it. */
export const reopenRoom = ({ requireAdmin, registry, rooms, audit, now }: AdminRoomDeps) =>
  new Hono().delete('/_eyrie/admin/v1/rooms/:roomId/shutdown', ...requireAdmin, async (c) => {
    const roomId = await administeredRoom(registry, c.req.param('roomId'));
    await rooms.reopen({ roomId });
    await audit.write({ ts: now(), by: c.var.requester.userId, action: 'reopen_room', detail: { room_id: roomId } });
    return c.json({});
  });
