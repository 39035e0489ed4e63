// PUT and DELETE /_eyrie/admin/v1/media/{serverName}/{mediaId}/quarantine
import { Hono } from 'hono';

import { quarantineMedia as quarantine, type AdministerDeps } from '../../../media/administer.ts';
import { mediaNameOf } from '../../media/media-request.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';

const path = '/_eyrie/admin/v1/media/:serverName/:mediaId/quarantine';

export const quarantineMedia = (requireAdmin: RequireAdmin, deps: AdministerDeps) =>
  new Hono().on(['PUT', 'DELETE'], path, ...requireAdmin, async (c) => {
    const name = mediaNameOf(c.req.param('serverName'), c.req.param('mediaId'));
    await quarantine(deps, name, { by: c.var.requester.userId, isOn: c.req.method === 'PUT' });
    return c.json({});
  });
