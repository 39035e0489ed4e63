// PUT /_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId} (Client-Server API, "Redactions")
import { Hono } from 'hono';

import { jsonBody } from '../middleware/json-body.ts';
import { deviceScope } from './from-user.ts';
import { ReasonBody, reasonContent } from './membership-body.ts';
import { requireOwnRedaction } from './own-redaction.ts';
import { eventIdOf, knownRoomId } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'room'>;

export const redactEvent = ({ requireUser, limitSending, rooms, room }: Deps) =>
  new Hono().put(
    '/_matrix/client/v3/rooms/:roomId/redact/:eventId/:txnId',
    requireUser,
    limitSending,
    jsonBody(ReasonBody),
    async (c) => {
      const redacts = eventIdOf(c.req.param('eventId'));
      const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
      const { requester } = c.var;
      await requireOwnRedaction({ room }, requester, roomId, redacts);
      const content = reasonContent(c.req.valid('json'));
      const sent = await room.send({
        roomId,
        draft: { type: 'm.room.redaction', sender: requester.userId, content, redacts },
        transaction: { scope: deviceScope(requester), path: `redact/${redacts}`, txnId: c.req.param('txnId') },
      });
      return c.json({ event_id: sent.eventId });
    },
  );
