// POST /_eyrie/admin/v1/rooms/{roomId}/parked/{eventId}/retry
import { Hono } from 'hono';

import { notFound } from '../../../matrix/error.ts';
import { parseEventId } from '../../../matrix/ids/event-id.ts';
import { administeredRoom, type AdminRoomDeps } from './administered-room.ts';

/** Has one parked event tried at once: `M_NOT_FOUND` for one that is not parked. */
export const retryParked = ({ requireAdmin, registry, rooms, audit, now }: AdminRoomDeps) =>
  new Hono().post('/_eyrie/admin/v1/rooms/:roomId/parked/:eventId/retry', ...requireAdmin, async (c) => {
    const roomId = await administeredRoom(registry, c.req.param('roomId'));
    const eventId = parseEventId(c.req.param('eventId'));
    const retried = eventId.ok ? await rooms.retryParked({ roomId, eventIds: [eventId.value] }) : 0;
    if (retried === 0) throw notFound('No such event is parked in that room');
    const detail = { room_id: roomId, event_id: c.req.param('eventId') };
    await audit.write({ ts: now(), by: c.var.requester.userId, action: 'retry_parked', detail });
    return c.json({ retried });
  });
