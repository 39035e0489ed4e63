// POST /_matrix/client/v3/knock/{roomIdOrAlias} (Client-Server API, "Knocking on rooms")
import { Hono } from 'hono';

import { knockRoom as knock } from '../../rooms/knock-room.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { ReasonBody, reasonContent } from './membership-body.ts';
import { serverNames } from './path-ids.ts';
import { roomByIdOrAlias } from './room-by-id-or-alias.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'room' | 'settle'>;

/** `server_name` is what clients called `via` before version 1.12 of the specification. */
export const knockRoom = ({ requireUser, limitSending, rooms, room, settle }: Deps) =>
  new Hono().post(
    '/_matrix/client/v3/knock/:roomIdOrAlias',
    requireUser,
    limitSending,
    jsonBody(ReasonBody),
    async (c) => {
      const { roomId, servers } = await roomByIdOrAlias({ rooms, room }, c.req.param('roomIdOrAlias'));
      const via = serverNames([...(c.req.queries('via') ?? []), ...(c.req.queries('server_name') ?? [])]);
      const { requester } = c.var;
      const sent = await knock(rooms, requester, roomId, [...via, ...servers], reasonContent(c.req.valid('json')));
      await settle(roomId, requester, sent.pos);
      return c.json({ room_id: roomId });
    },
  );
