// POST /_eyrie/admin/v1/appservices/{id}/retry
import { Hono } from 'hono';

import { notFound } from '../../../matrix/error.ts';
import { backlogAnswer } from './appservice-answer.ts';
import type { AdminAppserviceDeps } from './router.ts';

/** Has what waits tried at once, whatever the back-off; answers what waits then. */
export const retryAppservice = ({ requireAdmin, administer, queue, audit }: AdminAppserviceDeps) =>
  new Hono().post('/_eyrie/admin/v1/appservices/:id/retry', ...requireAdmin, async (c) => {
    const id = c.req.param('id');
    if ((await administer.store.find(id)) === undefined) throw notFound('There is no such application service');
    const by = c.var.requester.userId;
    await audit.write({ ts: administer.now(), by, action: 'appservice_retry', detail: { id } });
    await queue.retry(id);
    return c.json({ queue: backlogAnswer(await queue.backlog(id)) });
  });
