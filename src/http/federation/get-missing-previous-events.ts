// POST /_matrix/federation/v1/get_missing_events/{roomId} (Server-Server API, "Backfilling and retrieving missing events")
import { Hono } from 'hono';
import * as v from 'valibot';

import { requireKnownRoomVersion } from '../../rooms/known-room-version.ts';
import { validated } from '../middleware/json-body.ts';
import { pduAnswer } from './pdu-answer.ts';
import { eventIdIn, roomIdIn } from './request-ids.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const Query = v.object({
  earliest_events: v.array(v.string()),
  latest_events: v.array(v.string()),
  limit: v.optional(count, 10),
  min_depth: v.optional(count, 0),
});

type Deps = Pick<FederationRoomDeps, 'requireServer' | 'rooms' | 'knownRooms'>;

export const getMissingPreviousEvents = ({ requireServer, rooms, knownRooms }: Deps) =>
  new Hono().post('/_matrix/federation/v1/get_missing_events/:roomId', requireServer, async (c) => {
    const roomId = roomIdIn(c.req.param('roomId'));
    const query = validated(Query, c.var.body ?? {});
    await requireKnownRoomVersion(knownRooms, roomId);
    const events = await rooms.missingEventsForServer({
      roomId,
      origin: c.var.requester.origin,
      earliest: query.earliest_events.map(eventIdIn),
      latest: query.latest_events.map(eventIdIn),
      limit: query.limit,
      minDepth: query.min_depth,
    });
    return pduAnswer({ events });
  });
