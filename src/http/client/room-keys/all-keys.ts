// PUT, GET and DELETE /_matrix/client/v3/room_keys/keys (Client-Server API, "Server-side key backups")
import { Hono } from 'hono';

import { jsonBody } from '../../middleware/json-body.ts';
import { stateAnswer } from './backup-answer.ts';
import type { RoomKeysDeps } from './deps.ts';
import { AllBody, keysOfRoom } from './key-bodies.ts';
import { versionIn } from './version.ts';

const PATH = '/_matrix/client/v3/room_keys/keys';
export const JSON_TYPE = { 'content-type': 'application/json' };

export const allKeys = ({ requireUser, shards }: RoomKeysDeps) =>
  new Hono()
    .put(PATH, requireUser, jsonBody(AllBody), async (c) => {
      const { userId, shard } = c.var.requester;
      const version = versionIn(c.req.query('version'));
      const keys = Object.entries(c.req.valid('json').rooms).flatMap(([roomId, room]) => keysOfRoom(roomId, room));
      return c.json(stateAnswer(await shards(shard).storeRoomKeys({ userId, version, keys })));
    })
    .get(PATH, requireUser, async (c) => {
      const { userId, shard } = c.var.requester;
      const version = versionIn(c.req.query('version'));
      return c.body(await shards(shard).roomKeys({ userId, version }), 200, JSON_TYPE);
    })
    .delete(PATH, requireUser, async (c) => {
      const { userId, shard } = c.var.requester;
      const version = versionIn(c.req.query('version'));
      return c.json(stateAnswer(await shards(shard).deleteRoomKeys({ userId, version, scope: {} })));
    });
