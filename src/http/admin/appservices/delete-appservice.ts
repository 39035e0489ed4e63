// DELETE /_eyrie/admin/v1/appservices/{id}
import { Hono } from 'hono';

import { removeRegistration } from '../../../appservice/administer.ts';
import type { AdminAppserviceDeps } from './router.ts';

export const deleteAppservice = ({ requireAdmin, administer }: AdminAppserviceDeps) =>
  new Hono().delete('/_eyrie/admin/v1/appservices/:id', ...requireAdmin, async (c) => {
    await removeRegistration(administer, c.var.requester.userId, c.req.param('id'));
    return c.json({});
  });
