// GET /_eyrie/admin/v1/rooms/{roomId}/shutdown
import { Hono } from 'hono';

import { notFound } from '../../../matrix/error.ts';
import { administeredRoom, type AdminRoomDeps } from './administered-room.ts';
import { shutdownAnswer } from './shutdown-answer.ts';

/** How far the closing of a room is: `M_NOT_FOUND` for one that is not closed. */
export const getShutdown = ({ requireAdmin, registry, rooms }: AdminRoomDeps) =>
  new Hono().get('/_eyrie/admin/v1/rooms/:roomId/shutdown', ...requireAdmin, async (c) => {
    const roomId = await administeredRoom(registry, c.req.param('roomId'));
    const { shutdown } = await rooms.status({ roomId });
    if (shutdown === undefined) throw notFound('That room is not closed');
    return c.json(shutdownAnswer(shutdown));
  });
