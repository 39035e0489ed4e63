// GET /_eyrie/admin/v1/rooms/{roomId}
import { Hono } from 'hono';

import { administeredRoom, type AdminRoomDeps } from './administered-room.ts';
import { shutdownAnswer } from './shutdown-answer.ts';
import { roomAnswer } from './room-answer.ts';

/**
 * What a room is and how it stands, and whether it is doubtful: its servers refuse us, so that we may have been removed
 * from it. `servers` are those with a member in it; a room that we are not in has none.
 */
export const getRoom = ({ requireAdmin, registry, rooms, list }: AdminRoomDeps) =>
  new Hono().get('/_eyrie/admin/v1/rooms/:roomId', ...requireAdmin, async (c) => {
    const roomId = await administeredRoom(registry, c.req.param('roomId'));
    const { lifecycle, roomVersion, isJoining, doubt, shutdown } = await rooms.status({ roomId });
    const [listed, servers] = await Promise.all([
      list.find(roomId),
      lifecycle === 'live' ? rooms.joinedServers({ roomId }) : [],
    ]);
    return c.json({
      room_id: roomId,
      room_version: roomVersion ?? null,
      lifecycle,
      joining: isJoining,
      doubtful: doubt === undefined ? null : { since_ts: doubt.since, servers: doubt.servers },
      shutdown: shutdown === undefined ? null : shutdownAnswer(shutdown),
      ...(listed === undefined ? {} : roomAnswer(listed)),
      servers,
    });
  });
