// PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey} (Client-Server API, "Sending events to a room")
import { Hono } from 'hono';

import { sendState } from '../../rooms/send-state.ts';
import { readContent } from './event-content.ts';
import { sentAt } from './from-user.ts';
import { knownRoomId } from './path-ids.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';
import { statePaths } from './state-paths.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'room' | 'settle'>;

export const setRoomStateWithKey = ({ requireUser, limitSending, rooms, room, settle }: Deps) =>
  new Hono().on('PUT', [...statePaths], requireUser, limitSending, async (c) => {
    const { roomId: roomIdText = '', eventType: type = '', stateKey = '' } = c.req.param() as Record<string, string>;
    const roomId = await knownRoomId(rooms.registry, roomIdText);
    const content = await readContent(c.req.raw, room, roomId);
    const { requester } = c.var;
    const sent = await sendState({ rooms, room }, requester, { roomId, type, stateKey, content, ...sentAt(requester) });
    if (type === 'm.room.member') await settle(roomId, requester, sent.pos);
    return c.json({ event_id: sent.eventId });
  });
