// POST /_matrix/client/v3/rooms/{roomId}/upgrade (Client-Server API, "Room Upgrades")
import { Hono } from 'hono';
import * as v from 'valibot';

import { upgradeRoom as upgrade } from '../../rooms/upgrade/upgrade-room.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { roomIdOf, userIdOf } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

const Body = v.object({
  new_version: v.string(),
  additional_creators: v.optional(v.array(v.string()), []),
});

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'upgrades' | 'room' | 'settle'>;

export const upgradeRoom = ({ requireUser, limitSending, upgrades, room, settle }: Deps) =>
  new Hono().post('/_matrix/client/v3/rooms/:roomId/upgrade', requireUser, limitSending, jsonBody(Body), async (c) => {
    const body = c.req.valid('json');
    const { requester } = c.var;
    const roomId = await upgrade(upgrades, requester, {
      roomId: roomIdOf(c.req.param('roomId')),
      newVersion: body.new_version,
      additionalCreators: body.additional_creators.map(userIdOf),
    });
    await settle(roomId, requester, (await room.status({ roomId })).head);
    return c.json({ replacement_room: roomId });
  });
