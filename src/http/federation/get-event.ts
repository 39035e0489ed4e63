// GET /_matrix/federation/v1/event/{eventId} (Server-Server API, "Retrieving events")
import { Hono } from 'hono';

import { notFound } from '../../matrix/error.ts';
import type { EventId, RoomId } from '../../matrix/ids/brands.ts';
import { eventIdIn } from './request-ids.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';
import { transactionAnswer } from './transaction-answer.ts';

/** Which room an event is of is known shortly after it was made (contracts, section 8). */
const LOOK_AGAIN_MS = [250, 250, 500];

type Deps = Pick<FederationRoomDeps, 'serverName' | 'requireServer' | 'rooms' | 'roomOfEvent' | 'now' | 'after'>;

export const getEvent = (deps: Deps) =>
  new Hono().get('/_matrix/federation/v1/event/:eventId', deps.requireServer, async (c) => {
    const eventId = eventIdIn(c.req.param('eventId'));
    const roomId = await findRoom(deps, eventId);
    const event = await deps.rooms.eventForServer({ roomId, origin: c.var.requester.origin, eventId });
    return transactionAnswer(deps.serverName, deps.now(), [event]);
  });

async function findRoom({ roomOfEvent, after }: Deps, eventId: EventId): Promise<RoomId> {
  let roomId = await roomOfEvent(eventId);
  for (const delayMs of LOOK_AGAIN_MS) {
    if (roomId !== undefined) return roomId;
    await after(delayMs);
    roomId = await roomOfEvent(eventId);
  }
  if (roomId === undefined) throw notFound('There is no such event');
  return roomId;
}
