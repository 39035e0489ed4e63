// GET /_eyrie/admin/v1/rooms/{roomId}
import { Hono } from 'hono';

import { administeredRoom, type AdminRoomDeps } from './administered-room.ts';

/** How a room stands, and whether it is doubtful: its servers refuse us, so that we may have been removed from it. */
export const getRoom = ({ requireAdmin, registry, rooms }: AdminRoomDeps) =>
  new Hono().get('/_eyrie/admin/v1/rooms/:roomId', ...requireAdmin, async (c) => {
    const roomId = await administeredRoom(registry, c.req.param('roomId'));
    const { lifecycle, roomVersion, isJoining, doubt } = await rooms.status({ roomId });
    return c.json({
      room_id: roomId,
      room_version: roomVersion ?? null,
      lifecycle,
      joining: isJoining,
      doubtful: doubt === undefined ? null : { since_ts: doubt.since, servers: doubt.servers },
    });
  });
