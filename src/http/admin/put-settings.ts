// PUT /_eyrie/admin/v1/settings
import { Hono } from 'hono';
import * as v from 'valibot';

import type { Settings } from '../../settings/settings.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { RequireAdmin } from '../middleware/require-admin.ts';

const Body = v.object({
  settings: v.record(v.string(), v.unknown()),
  if_revision: v.optional(v.pipe(v.number(), v.integer())),
  dry_run: v.optional(v.boolean()),
});

/** Changes what is named and keeps the rest; all or nothing. */
export const putSettings = (
  requireAdmin: RequireAdmin,
  settings: Pick<Settings, 'change'>,
  onChange: (keys: readonly string[]) => Promise<void>,
) =>
  new Hono().put('/_eyrie/admin/v1/settings', ...requireAdmin, jsonBody(Body), async (c) => {
    const body = c.req.valid('json');
    const changed = await settings.change({
      by: c.var.requester.userId,
      settings: body.settings,
      ifRevision: body.if_revision,
      dryRun: body.dry_run === true,
    });
    if (body.dry_run !== true) await onChange(changed.changed);
    return c.json(changed);
  });
