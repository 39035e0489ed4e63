// PUT /_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId} (Client-Server API, "Sending events to a room")
import { Hono } from 'hono';

import { badJson } from '../../matrix/error.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { readContent } from './event-content.ts';
import { deviceScope, sentAt } from './from-user.ts';
import { requireOwnRedaction } from './own-redaction.ts';
import { eventIdOf, knownRoomId } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'room'>;

export const sendMessage = ({ requireUser, limitSending, rooms, room }: Deps) =>
  new Hono().put('/_matrix/client/v3/rooms/:roomId/send/:eventType/:txnId', requireUser, limitSending, async (c) => {
    const { eventType, txnId } = c.req.param();
    const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
    const content = await readContent(c.req.raw, room, roomId);
    const { requester } = c.var;
    const draft = draftOf(eventType, requester.userId, content);
    await requireOwnRedaction({ room }, requester, roomId, draft.redacts);
    const sent = await room.send({
      roomId,
      draft: { ...draft, ...sentAt(requester) },
      transaction: { scope: deviceScope(requester), path: `send/${eventType}`, txnId },
    });
    return c.json({ event_id: sent.eventId });
  });

interface Draft {
  readonly type: string;
  readonly sender: UserId;
  readonly content: JsonObject;
  readonly redacts?: EventId;
}

/** What a redaction names stands in the content here, and in the event where its room version has it. */
function draftOf(type: string, sender: UserId, content: JsonObject): Draft {
  if (type !== 'm.room.redaction') return { type, sender, content };
  const { redacts, ...rest } = content;
  if (typeof redacts !== 'string') throw badJson('A redaction names an event in redacts');
  return { type, sender, content: rest, redacts: eventIdOf(redacts) };
}
