// GET /_eyrie/admin/v1/rooms/{roomId}/parked
import { Hono } from 'hono';

import { administeredRoom, nextOf, pageOf, type AdminRoomDeps } from './administered-room.ts';

/** Events that could not be decided, longest parked first, with why and when they are tried again. */
export const listParked = ({ requireAdmin, registry, rooms }: AdminRoomDeps) =>
  new Hono().get('/_eyrie/admin/v1/rooms/:roomId/parked', ...requireAdmin, async (c) => {
    const roomId = await administeredRoom(registry, c.req.param('roomId'));
    const page = pageOf(c.req.query('limit'), c.req.query('from'));
    const parked = await rooms.listParked({ roomId, ...page });
    return c.json({
      parked: parked.map(({ eventId, parkedTs, retryAt, ...event }) => ({
        event_id: eventId,
        ...event,
        parked_ts: parkedTs,
        retry_at: retryAt ?? null,
      })),
      ...nextOf(page, parked.length),
    });
  });
