// GET /_eyrie/admin/v1/appservices/{id}
import { Hono } from 'hono';

import { notFound } from '../../../matrix/error.ts';
import { appserviceAnswer } from './appservice-answer.ts';
import type { AdminAppserviceDeps } from './router.ts';

export const getAppservice = ({ requireAdmin, administer }: AdminAppserviceDeps) =>
  new Hono().get('/_eyrie/admin/v1/appservices/:id', ...requireAdmin, async (c) => {
    const stored = await administer.store.find(c.req.param('id'));
    if (stored === undefined) throw notFound('There is no such application service');
    return c.json(appserviceAnswer(stored.registration));
  });
