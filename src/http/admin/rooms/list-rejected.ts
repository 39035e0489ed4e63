// GET /_eyrie/admin/v1/rooms/{roomId}/rejected
import { Hono } from 'hono';

import { administeredRoom, nextOf, pageOf, type AdminRoomDeps } from './administered-room.ts';

/** Events that the rules of the room rejected or soft-failed, newest first, with the rule. */
export const listRejected = ({ requireAdmin, registry, rooms }: AdminRoomDeps) =>
  new Hono().get('/_eyrie/admin/v1/rooms/:roomId/rejected', ...requireAdmin, async (c) => {
    const roomId = await administeredRoom(registry, c.req.param('roomId'));
    const page = pageOf(c.req.query('limit'), c.req.query('from'));
    const rejected = await rooms.listRejected({ roomId, ...page });
    return c.json({
      rejected: rejected.map(({ eventId, stateKey, receivedTs, ...event }) => ({
        event_id: eventId,
        ...event,
        state_key: stateKey,
        received_ts: receivedTs,
      })),
      ...nextOf(page, rejected.length),
    });
  });
