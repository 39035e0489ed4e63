// POST and GET /_matrix/client/v3/room_keys/version (Client-Server API, "Server-side key backups")
import { Hono } from 'hono';

import { jsonBody } from '../../middleware/json-body.ts';
import { BackupBody, opaqueText } from './backup-body.ts';
import { backupAnswer } from './backup-answer.ts';
import type { RoomKeysDeps } from './deps.ts';

const PATH = '/_matrix/client/v3/room_keys/version';

export const currentBackup = ({ requireUser, shards }: RoomKeysDeps) =>
  new Hono()
    .post(PATH, requireUser, jsonBody(BackupBody), async (c) => {
      const { userId, shard } = c.var.requester;
      const { algorithm, auth_data: authData } = c.req.valid('json');
      const version = await shards(shard).createBackup({ userId, algorithm, authData: opaqueText(authData) });
      return c.json({ version: String(version) });
    })
    .get(PATH, requireUser, async (c) => {
      const { userId, shard } = c.var.requester;
      return c.json(backupAnswer(await shards(shard).backup({ userId, version: undefined })));
    });
