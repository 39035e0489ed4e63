// POST /_eyrie/admin/v1/signing-key/old
import { Hono } from 'hono';
import * as v from 'valibot';

import type { Settings } from '../../settings/settings.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { RequireAdmin } from '../middleware/require-admin.ts';

const Body = v.strictObject({
  key_id: v.pipe(v.string(), v.maxLength(255)),
  public_key: v.pipe(v.string(), v.maxLength(255)),
  expired_ts: v.pipe(v.number(), v.safeInteger()),
});

/** Lists a key that a server of this name had elsewhere among our old ones: it signs nothing here. */
export const listOldKey = (requireAdmin: RequireAdmin, settings: Pick<Settings, 'listOldKey'>) =>
  new Hono().post('/_eyrie/admin/v1/signing-key/old', ...requireAdmin, jsonBody(Body), async (c) => {
    const { key_id: keyId, public_key: publicKey, expired_ts: expiredTs } = c.req.valid('json');
    const listed = await settings.listOldKey(c.var.requester.userId, { keyId, publicKey, expiredTs });
    return c.json({ revision: listed.revision, changed: listed.changed });
  });
