// DELETE /_eyrie/admin/v1/media/{serverName}/{mediaId}
import { Hono } from 'hono';

import { deleteMedia as deleteFile, type AdministerDeps } from '../../../media/administer.ts';
import { mediaNameOf } from '../../media/media-request.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';

export const deleteMedia = (requireAdmin: RequireAdmin, deps: AdministerDeps) =>
  new Hono().delete('/_eyrie/admin/v1/media/:serverName/:mediaId', ...requireAdmin, async (c) => {
    const name = mediaNameOf(c.req.param('serverName'), c.req.param('mediaId'));
    await deleteFile(deps, name, c.var.requester.userId);
    return c.json({});
  });
