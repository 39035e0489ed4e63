// POST /_matrix/client/v3/rooms/{roomId}/invite (Client-Server API, "Joining rooms")
import { Hono } from 'hono';
import * as v from 'valibot';

import { invalidParam, missingParam } from '../../matrix/error.ts';
import { inviteUser as invite } from '../../rooms/invite-user.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { reasonContent } from './membership-body.ts';
import { knownRoomId, userIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

const Body = v.object({
  user_id: v.optional(v.string()),
  reason: v.optional(v.string()),
  /** Of a third-party identifier, the path's other operation: `inviteBy3PID`. */
  medium: v.optional(v.string()),
});

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'settle'>;

export const inviteUser = ({ requireUser, limitSending, rooms, settle }: Deps) =>
  new Hono().post('/_matrix/client/v3/rooms/:roomId/invite', requireUser, limitSending, jsonBody(Body), async (c) => {
    const { user_id: target, medium, reason } = c.req.valid('json');
    if (target === undefined) {
      if (medium !== undefined) throw invalidParam('This server does not invite third-party identifiers');
      throw missingParam('Missing: user_id');
    }
    const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
    const { requester } = c.var;
    const sent = await invite(rooms, requester.userId, roomId, userIdOf(target), reasonContent({ reason }));
    await settle(roomId, requester, sent.pos);
    return c.json({});
  });
