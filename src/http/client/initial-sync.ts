// GET /_matrix/client/v3/initialSync (Client-Server API, "Syncing"; deprecated)
import { Hono } from 'hono';

import { initialSync as initialSyncOnce } from '../../sync/older-forms.ts';
import { booleanParam } from '../boolean-param.ts';
import { limitParam } from './limit-param.ts';
import type { SyncRouteDeps } from './sync.ts';

export const initialSync = ({ requireUser, shard, rooms, deviceLists, epoch }: SyncRouteDeps) =>
  new Hono().get('/_matrix/client/v3/initialSync', requireUser, async (c) => {
    const { userId, deviceId, shard: name } = c.var.requester;
    const { limit, archived } = c.req.query();
    return c.json(
      await initialSyncOnce(
        { shard: shard(name), rooms, deviceLists: deviceLists(name), epoch: await epoch(), now: () => Date.now() },
        {
          userId,
          deviceId,
          limit: limitParam(limit, { min: 0, max: 100, usual: 20 }),
          archived: booleanParam('archived', archived) ?? false,
        },
      ),
    );
  });
