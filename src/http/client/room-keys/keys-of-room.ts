// PUT, GET and DELETE /_matrix/client/v3/room_keys/keys/{roomId} (Client-Server API, "Server-side key backups")
import { Hono } from 'hono';

import { jsonBody } from '../../middleware/json-body.ts';
import { JSON_TYPE } from './all-keys.ts';
import { stateAnswer } from './backup-answer.ts';
import type { RoomKeysDeps } from './deps.ts';
import { keysOfRoom as readKeys, RoomBody } from './key-bodies.ts';
import { versionIn } from './version.ts';

const PATH = '/_matrix/client/v3/room_keys/keys/:roomId';

export const keysOfRoom = ({ requireUser, shards }: RoomKeysDeps) =>
  new Hono()
    .put(PATH, requireUser, jsonBody(RoomBody), async (c) => {
      const { userId, shard } = c.var.requester;
      const version = versionIn(c.req.query('version'));
      const keys = readKeys(c.req.param('roomId'), c.req.valid('json'));
      return c.json(stateAnswer(await shards(shard).storeRoomKeys({ userId, version, keys })));
    })
    .get(PATH, requireUser, async (c) => {
      const { userId, shard } = c.var.requester;
      const version = versionIn(c.req.query('version'));
      const body = await shards(shard).roomKeys({ userId, version, roomId: c.req.param('roomId') });
      return c.body(body, 200, JSON_TYPE);
    })
    .delete(PATH, requireUser, async (c) => {
      const { userId, shard } = c.var.requester;
      const version = versionIn(c.req.query('version'));
      const scope = { roomId: c.req.param('roomId') };
      return c.json(stateAnswer(await shards(shard).deleteRoomKeys({ userId, version, scope })));
    });
