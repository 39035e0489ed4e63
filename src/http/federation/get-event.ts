// GET /_matrix/federation/v1/event/{eventId} (Server-Server API, "Retrieving events")
import { Hono } from 'hono';

import { MatrixError, notFound } from '../../matrix/error.ts';
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { eventIdIn } from './request-ids.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';
import { transactionAnswer } from './transaction-answer.ts';

/** Which room an event is of is known shortly after it was made (contracts, section 8). */
const LOOK_AGAIN_MS = [250, 250, 500];

type Deps = Pick<
  FederationRoomDeps,
  'serverName' | 'requireServer' | 'rooms' | 'roomOfEvent' | 'latestRooms' | 'now' | 'after'
>;

interface Wanted {
  readonly origin: ServerName;
  readonly eventId: EventId;
}

/** An event that no index has, such as one from before we were in the room, is looked for in the asker's latest rooms. */
export const getEvent = (deps: Deps) =>
  new Hono().get('/_matrix/federation/v1/event/:eventId', deps.requireServer, async (c) => {
    const wanted = { origin: c.var.requester.origin, eventId: eventIdIn(c.req.param('eventId')) };
    const roomId = await deps.roomOfEvent(wanted.eventId);
    const event =
      roomId === undefined
        ? ((await inLatestRooms(deps, wanted)) ?? (await later(deps, wanted)))
        : await deps.rooms.eventForServer({ roomId, ...wanted });
    return transactionAnswer(deps.serverName, deps.now(), [event]);
  });

async function inLatestRooms({ rooms, latestRooms }: Deps, wanted: Wanted): Promise<string | undefined> {
  const found = await Promise.all(
    (await latestRooms(wanted.origin)).map((roomId) => eventIn(rooms, { roomId, ...wanted })),
  );
  return found.find((event) => event !== undefined);
}

/** One room that cannot be asked does not hide what another one has. */
async function eventIn(rooms: Deps['rooms'], call: Wanted & { readonly roomId: RoomId }): Promise<string | undefined> {
  try {
    return await rooms.eventForServer(call);
  } catch (error) {
    if (error instanceof MatrixError) return undefined;
    throw error;
  }
}

async function later({ roomOfEvent, rooms, after }: Deps, wanted: Wanted): Promise<string> {
  for (const delayMs of LOOK_AGAIN_MS) {
    await after(delayMs);
    const roomId = await roomOfEvent(wanted.eventId);
    if (roomId !== undefined) return rooms.eventForServer({ roomId, ...wanted });
  }
  throw notFound('There is no such event');
}
