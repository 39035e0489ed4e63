// POST /_eyrie/admin/v1/restored
import { Hono } from 'hono';

import { unavailable } from '../../matrix/error.ts';
import type { Settings } from '../../settings/settings.ts';
import type { RequireAdmin } from '../middleware/require-admin.ts';

/**
 * The administrator has restored a database or objects to an earlier time. Tokens of before are answered by a full sync
 * from now on, and one-time keys, which may have been given away already, are dropped. 503 where a shard did not
 * answer: it is to be called again.
 */
export const postRestored = (
  requireAdmin: RequireAdmin,
  settings: Pick<Settings, 'raiseEpoch'>,
  restored: () => Promise<number>,
) =>
  new Hono().post('/_eyrie/admin/v1/restored', ...requireAdmin, async (c) => {
    const epoch = await settings.raiseEpoch(c.var.requester.userId);
    const failed = await restored();
    if (failed > 0) throw unavailable(`The epoch is ${epoch}, but ${failed} shards did not answer: call this again`);
    return c.json({ epoch });
  });
