// GET, PUT and DELETE /_matrix/client/v3/room_keys/version/{version} (Client-Server API, "Server-side key backups")
import { Hono } from 'hono';

import { invalidParam } from '../../../matrix/error.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import { backupAnswer } from './backup-answer.ts';
import { BackupBody, opaqueText } from './backup-body.ts';
import type { RoomKeysDeps } from './deps.ts';
import { versionOf } from './version.ts';

const PATH = '/_matrix/client/v3/room_keys/version/:version';

export const oneBackup = ({ requireUser, shards }: RoomKeysDeps) =>
  new Hono()
    .get(PATH, requireUser, async (c) => {
      const { userId, shard } = c.var.requester;
      return c.json(backupAnswer(await shards(shard).backup({ userId, version: versionOf(c.req.param('version')) })));
    })
    .put(PATH, requireUser, jsonBody(BackupBody), async (c) => {
      const { userId, shard } = c.var.requester;
      const version = versionOf(c.req.param('version'));
      const { algorithm, auth_data: authData, version: named } = c.req.valid('json');
      if (named !== undefined && named !== String(version))
        throw invalidParam('version is another one than in the path');
      await shards(shard).changeBackup({ userId, version, algorithm, authData: opaqueText(authData) });
      return c.json({});
    })
    .delete(PATH, requireUser, async (c) => {
      const { userId, shard } = c.var.requester;
      await shards(shard).deleteBackup({ userId, version: versionOf(c.req.param('version')) });
      return c.json({});
    });
