// PUT, GET and DELETE /_matrix/client/v3/room_keys/keys/{roomId}/{sessionId} (Client-Server API, "Server-side key backups")
import { Hono } from 'hono';

import { jsonBody } from '../../middleware/json-body.ts';
import { JSON_TYPE } from './all-keys.ts';
import { stateAnswer } from './backup-answer.ts';
import type { RoomKeysDeps } from './deps.ts';
import { KeyBody, keysOfRoom } from './key-bodies.ts';
import { versionIn } from './version.ts';

const PATH = '/_matrix/client/v3/room_keys/keys/:roomId/:sessionId';

export const keyOfSession = ({ requireUser, shards }: RoomKeysDeps) =>
  new Hono()
    .put(PATH, requireUser, jsonBody(KeyBody), async (c) => {
      const { userId, shard } = c.var.requester;
      const version = versionIn(c.req.query('version'));
      const { roomId, sessionId } = c.req.param();
      const keys = keysOfRoom(roomId, { sessions: Object.fromEntries([[sessionId, c.req.valid('json')]]) });
      return c.json(stateAnswer(await shards(shard).storeRoomKeys({ userId, version, keys })));
    })
    .get(PATH, requireUser, async (c) => {
      const { userId, shard } = c.var.requester;
      const version = versionIn(c.req.query('version'));
      return c.body(await shards(shard).roomKey({ userId, version, ...c.req.param() }), 200, JSON_TYPE);
    })
    .delete(PATH, requireUser, async (c) => {
      const { userId, shard } = c.var.requester;
      const version = versionIn(c.req.query('version'));
      return c.json(stateAnswer(await shards(shard).deleteRoomKeys({ userId, version, scope: c.req.param() })));
    });
