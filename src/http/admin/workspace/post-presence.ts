// POST /_eyrie/admin/v1/presence
import { Hono } from 'hono';
import * as v from 'valibot';

import type { ToldPresence } from '../../../federation/sending/presence-edu.ts';
import { tellPresence } from '../../../federation/sending/tell-presence.ts';
import { eyrieDisabled } from '../../../matrix/error.ts';
import { userIdOf } from '../../client/path-ids.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import { administeredRoom } from '../rooms/administered-room.ts';
import { quietUsers, type WorkspaceDeps } from './workspace-deps.ts';

const MAX_UPDATES = 100;
const MAX_ROOMS = 100;
const MAX_STATUS_BYTES = 1_000;

const Update = v.strictObject({
  user_id: v.string(),
  presence: v.picklist(['online', 'unavailable', 'offline']),
  status_msg: v.optional(v.pipe(v.string(), v.maxBytes(MAX_STATUS_BYTES))),
  last_active_ago: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  currently_active: v.optional(v.boolean(), false),
});
const Body = v.strictObject({
  updates: v.pipe(v.array(Update), v.minLength(1), v.maxLength(MAX_UPDATES)),
  room_ids: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MAX_ROOMS)),
});

/** Tells the other servers of chosen rooms how users are: the client API tells those of all rooms of a user. */
export const postPresence = (deps: WorkspaceDeps) =>
  new Hono().post('/_eyrie/admin/v1/presence', ...deps.requireWorkspace, jsonBody(Body), async (c) => {
    const body = c.req.valid('json');
    if (!(await deps.tellsPresence()))
      throw eyrieDisabled('Presence is not told to other servers: edu.presence is off');
    const now = deps.now();
    // Of a user who is there twice the last counts.
    const updates = new Map(body.updates.map((update) => [userIdOf(update.user_id), toldOf(update, now)] as const));
    const roomIds = await Promise.all(
      [...new Set(body.room_ids)].map((roomId) => administeredRoom(deps.registry, roomId)),
    );
    const refused = await quietUsers(deps, c.var.reach, [...updates.keys()]);
    const told = await tellPresence(
      deps.presence,
      [...updates.values()].filter(({ userId }) => !refused.has(userId)),
      roomIds,
    );
    const skipped = [...refused, ...told.unspoken.map(({ userId, reason }) => [userId, reason] as const)];
    return c.json({
      destinations: told.destinations,
      skipped: skipped.map(([userId, reason]) => ({ user_id: userId, reason })),
    });
  });

function toldOf(update: v.InferOutput<typeof Update>, now: number): ToldPresence {
  const { user_id: userId, presence, status_msg: statusMsg, last_active_ago: ago, currently_active: isActive } = update;
  return {
    userId: userIdOf(userId),
    presence,
    currentlyActive: isActive,
    ...(statusMsg === undefined ? {} : { statusMsg }),
    ...(ago === undefined ? {} : { activeTs: now - ago }),
  };
}
