// POST /_eyrie/admin/v1/rooms/{roomId}/repair
import { Hono } from 'hono';
import * as v from 'valibot';

import { badGateway, invalidParam } from '../../../matrix/error.ts';
import type { ServerName } from '../../../matrix/ids/brands.ts';
import { parseServerName } from '../../../matrix/ids/server-name.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import { administeredRoom, type AdminRoomDeps } from './administered-room.ts';

const Body = v.object({ via: v.optional(v.string()) });

/** Of the servers of the room so many are asked, where none is named. */
const MAX_SERVERS = 5;

/**
 * Has what waits in a room tried at once, and the state of the room fetched from `via`, or from the first of its servers
 * that helps, and resolved with ours. Answers what changed; 502 with a sentence for each server that did not help.
 */
export const repairRoom = (deps: AdminRoomDeps) =>
  new Hono().post('/_eyrie/admin/v1/rooms/:roomId/repair', ...deps.requireAdmin, jsonBody(Body), async (c) => {
    const { registry, rooms, claimedStates, serverName, audit, now } = deps;
    const roomId = await administeredRoom(registry, c.req.param('roomId'));
    const named = viaOf(c.req.valid('json').via);
    const others = (await rooms.joinedServers({ roomId })).filter((server) => server !== serverName);
    const retried = await rooms.retryParked({ roomId });
    const log = (via: ServerName | undefined, changed: number) =>
      audit.write({
        ts: now(),
        by: c.var.requester.userId,
        action: 'repair_room',
        detail: { room_id: roomId, ...(via === undefined ? {} : { via }), changed },
      });
    const reasons: string[] = [];
    for (const via of named === undefined ? others.slice(0, MAX_SERVERS) : [named]) {
      const found = await claimedStates(roomId, via);
      if (!found.ok) {
        reasons.push(found.reason);
        continue;
      }
      const { changed, changes } = await rooms.adoptClaims({ roomId, claims: found.value.claims });
      await log(via, changed);
      return c.json({
        via,
        retried,
        fetched: found.value.fetched,
        changed,
        changes: changes.map(({ type, stateKey, eventId }) => ({
          type,
          state_key: stateKey,
          event_id: eventId ?? null,
        })),
      });
    }
    await log(undefined, 0);
    if (reasons.length > 0) throw badGateway(reasons.join('; '));
    return c.json({ retried, fetched: 0, changed: 0, changes: [] });
  });

function viaOf(text: string | undefined): ServerName | undefined {
  if (text === undefined) return undefined;
  const server = parseServerName(text);
  if (!server.ok) throw invalidParam(`via is ${server.reason}`);
  return server.value;
}
