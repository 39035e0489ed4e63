// POST /_eyrie/admin/v1/rooms/{roomId}/refetch-state
import { Hono } from 'hono';
import * as v from 'valibot';

import { badGateway, invalidParam } from '../../../matrix/error.ts';
import { parseServerName } from '../../../matrix/ids/server-name.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import { administeredRoom, type AdminRoomDeps } from './administered-room.ts';

const Body = v.object({ server: v.string() });

/**
 * Has the state of a room fetched from `server` and resolved with ours. Answers how many events were fetched and how
 * many entries of the current state changed; 502 with a sentence where the server does not help.
 */
export const refetchState = ({ requireAdmin, registry, rooms, claimedStates }: AdminRoomDeps) =>
  new Hono().post('/_eyrie/admin/v1/rooms/:roomId/refetch-state', ...requireAdmin, jsonBody(Body), async (c) => {
    const roomId = await administeredRoom(registry, c.req.param('roomId'));
    const server = parseServerName(c.req.valid('json').server);
    if (!server.ok) throw invalidParam(`server is ${server.reason}`);
    const found = await claimedStates(roomId, server.value);
    if (!found.ok) throw badGateway(found.reason);
    const changed = await rooms.adoptClaims({ roomId, claims: found.value.claims });
    return c.json({ fetched: found.value.fetched, changed });
  });
