// GET /_matrix/federation/v1/backfill/{roomId} (Server-Server API, "Backfilling and retrieving missing events")
import { Hono } from 'hono';

import { invalidParam, missingParam } from '../../matrix/error.ts';
import { requireKnownRoomVersion } from '../../rooms/known-room-version.ts';
import { eventIdIn, roomIdIn } from './request-ids.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';
import { transactionAnswer } from './transaction-answer.ts';

/** More than any server has extremities. */
const MAX_FROM = 100;

type Deps = Pick<FederationRoomDeps, 'serverName' | 'requireServer' | 'rooms' | 'knownRooms' | 'now'>;

export const backfillRoom = ({ serverName, requireServer, rooms, knownRooms, now }: Deps) =>
  new Hono().get('/_matrix/federation/v1/backfill/:roomId', requireServer, async (c) => {
    const roomId = roomIdIn(c.req.param('roomId'));
    const from = (c.req.queries('v') ?? []).slice(0, MAX_FROM).map(eventIdIn);
    if (from.length === 0) throw missingParam('Missing: v');
    const limit = limitIn(c.req.query('limit'));
    await requireKnownRoomVersion(knownRooms, roomId);
    const { origin } = c.var.requester;
    return transactionAnswer(serverName, now(), await rooms.backfillForServer({ roomId, origin, from, limit }));
  });

function limitIn(text: string | undefined): number {
  if (text === undefined) throw missingParam('Missing: limit');
  if (!/^\d{1,9}$/.test(text)) throw invalidParam('limit is not a number');
  return Number(text);
}
