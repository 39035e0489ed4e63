// GET /_matrix/federation/v1/timestamp_to_event/{roomId} (Server-Server API, "Retrieving events")
import { Hono } from 'hono';

import { notFound } from '../../../matrix/error.ts';
import { requireKnownRoomVersion } from '../../../rooms/known-room-version.ts';
import { timeQueryIn } from '../../time-query.ts';
import { roomIdIn } from '../request-ids.ts';
import type { FederationFindingDeps } from './deps.ts';

type Deps = Pick<FederationFindingDeps, 'requireServer' | 'knownRooms' | 'timed'>;

export const getEventByTimestamp = ({ requireServer, knownRooms, timed }: Deps) =>
  new Hono().get('/_matrix/federation/v1/timestamp_to_event/:roomId', requireServer, async (c) => {
    const roomId = roomIdIn(c.req.param('roomId'));
    const query = timeQueryIn((name) => c.req.query(name));
    await requireKnownRoomVersion(knownRooms, roomId);
    const event = await timed.eventByTimeForServer({ roomId, origin: c.var.requester.origin, ...query });
    if (event === undefined) throw notFound('There is no such event');
    return c.json({ event_id: event.eventId, origin_server_ts: event.originServerTs });
  });
