// GET /_eyrie/admin/v1/appservices/{id}
import { Hono } from 'hono';

import { notFound } from '../../../matrix/error.ts';
import { appserviceAnswer, backlogAnswer } from './appservice-answer.ts';
import type { AdminAppserviceDeps } from './router.ts';

/** The registration, and what waits for it. */
export const getAppservice = ({ requireAdmin, administer, queue }: AdminAppserviceDeps) =>
  new Hono().get('/_eyrie/admin/v1/appservices/:id', ...requireAdmin, async (c) => {
    const id = c.req.param('id');
    const stored = await administer.store.find(id);
    if (stored === undefined) throw notFound('There is no such application service');
    return c.json({ ...appserviceAnswer(stored.registration), queue: backlogAnswer(await queue.backlog(id)) });
  });
