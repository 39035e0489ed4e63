// PUT /_eyrie/admin/v1/rooms/{roomId}/power_level/{userId}
import { Hono } from 'hono';
import * as v from 'valibot';

import { userIdOf } from '../../client/path-ids.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import { administeredRoom } from '../rooms/administered-room.ts';
import { actingUser, auditedAs, type WorkspaceDeps } from './workspace-deps.ts';

const Level = v.pipe(v.number(), v.safeInteger());
/** Strict: a condition that is left out would overwrite what somebody else has just set. */
const Body = v.strictObject({ level: v.nullable(Level), sender: v.string(), expected: v.optional(Level) });

/** What a user may do in a room, read and written in one step: of two changes at a time neither is lost. */
export const setPowerLevel = (deps: WorkspaceDeps) =>
  new Hono().put(
    '/_eyrie/admin/v1/rooms/:roomId/power_level/:userId',
    ...deps.requireWorkspace,
    jsonBody(Body),
    async (c) => {
      const { level, sender: senderText, expected } = c.req.valid('json');
      const { reach, requester } = c.var;
      const { userId: sender } = await actingUser(deps, reach, userIdOf(senderText));
      const target = userIdOf(c.req.param('userId'));
      const roomId = await administeredRoom(deps.registry, c.req.param('roomId'));
      const condition = expected === undefined ? {} : { expected };
      const set = await deps.rooms.setPowerLevel({ roomId, sender, target, level, ...condition });
      const changed = set.eventId !== undefined;
      if (changed) {
        await deps.audit.write({
          ts: deps.now(),
          by: auditedAs(requester, reach),
          action: 'power_level',
          detail: { room_id: roomId, user_id: target, sender, previous: set.previous, level },
        });
      }
      return c.json({
        ...(changed ? { event_id: set.eventId } : {}),
        previous: set.previous,
        level: set.level,
        changed,
      });
    },
  );
