// POST /_eyrie/admin/v1/media/purge
import { Hono } from 'hono';
import * as v from 'valibot';

import { invalidParam } from '../../../matrix/error.ts';
import { purgeMedia as purge, type AdministerDeps } from '../../../media/administer.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { mediaFilter } from './media-filter.ts';

const Body = v.object({
  user_id: v.optional(v.string()),
  server: v.optional(v.string()),
  remote: v.optional(v.boolean()),
  accessed_before_ts: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
});

/** Deletes a part of what is meant; to be repeated while there is more. A filter is needed. */
export const purgeMedia = (requireAdmin: RequireAdmin, deps: AdministerDeps) =>
  new Hono().post('/_eyrie/admin/v1/media/purge', ...requireAdmin, jsonBody(Body), async (c) => {
    const body = c.req.valid('json');
    if (body.user_id === undefined && body.server === undefined && body.remote !== true) {
      throw invalidParam('Name a user_id or a server, or say "remote": true');
    }
    const { deleted, hasMore } = await purge(deps, mediaFilter(body), c.var.requester.userId);
    return c.json({ deleted, has_more: hasMore });
  });
