// POST /_eyrie/admin/v1/signing-key/rotate
import { Hono } from 'hono';

import type { Settings } from '../../settings/settings.ts';
import { randomVersion } from '../../settings/signing-key.ts';
import type { RequireAdmin } from '../middleware/require-admin.ts';

/** A fresh key takes the place of the one that signs. */
export const rotateSigningKey = (requireAdmin: RequireAdmin, settings: Pick<Settings, 'change'>) =>
  new Hono().post('/_eyrie/admin/v1/signing-key/rotate', ...requireAdmin, async (c) => {
    const { revision, signing } = await settings.change({
      by: c.var.requester.userId,
      settings: { 'signing.version': randomVersion() },
      ifRevision: undefined,
      dryRun: false,
    });
    return c.json({ revision, signing });
  });
