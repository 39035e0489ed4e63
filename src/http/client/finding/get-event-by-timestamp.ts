// GET /_matrix/client/v1/rooms/{roomId}/timestamp_to_event (Client-Server API, "Getting events for a room")
import { Hono } from 'hono';

import { eventByTime } from '../../../rooms/finding/event-by-time.ts';
import { timeQueryIn } from '../../time-query.ts';
import { roomIdOf } from '../path-ids.ts';
import type { FindingDeps } from './deps.ts';

type Deps = Pick<FindingDeps, 'requireUser' | 'times'>;

export const getEventByTimestamp = ({ requireUser, times }: Deps) =>
  new Hono().get('/_matrix/client/v1/rooms/:roomId/timestamp_to_event', requireUser, async (c) => {
    const roomId = roomIdOf(c.req.param('roomId'));
    const { userId } = c.var.requester;
    const event = await eventByTime(times, { roomId, userId, ...timeQueryIn((name) => c.req.query(name)) });
    return c.json({ event_id: event.eventId, origin_server_ts: event.originServerTs });
  });
