// POST /_matrix/client/v3/join/{roomIdOrAlias} (Client-Server API, "Joining rooms")
import { Hono } from 'hono';

import { joinRoom as join } from '../../rooms/join-room.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { ReasonBody, reasonContent } from './membership-body.ts';
import { serverNames } from './path-ids.ts';
import { roomByIdOrAlias } from './room-by-id-or-alias.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'room' | 'settle' | 'joined'>;

/** `server_name` is what clients called `via` before version 1.12 of the specification. */
export const joinRoom = ({ requireUser, limitSending, rooms, room, settle, joined }: Deps) =>
  new Hono().post(
    '/_matrix/client/v3/join/:roomIdOrAlias',
    requireUser,
    limitSending,
    jsonBody(ReasonBody),
    async (c) => {
      const { roomId, servers } = await roomByIdOrAlias({ rooms, room }, c.req.param('roomIdOrAlias'));
      const via = serverNames([...(c.req.queries('via') ?? []), ...(c.req.queries('server_name') ?? [])]);
      const { requester } = c.var;
      await join(rooms, requester, roomId, [...via, ...servers], reasonContent(c.req.valid('json')));
      await joined(requester, roomId);
      await settle(roomId, requester, (await room.status({ roomId })).head);
      return c.json({ room_id: roomId });
    },
  );
