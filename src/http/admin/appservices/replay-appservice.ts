// POST /_eyrie/admin/v1/appservices/{id}/replay
import { Hono } from 'hono';
import * as v from 'valibot';

import { notFound } from '../../../matrix/error.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import { backlogAnswer } from './appservice-answer.ts';
import type { AdminAppserviceDeps } from './router.ts';

const Body = v.object({ since_ts: v.pipe(v.number(), v.integer(), v.minValue(0)) });

/** Sends what was received since a time once more, in new transactions: for an application service that lost it. */
export const replayAppservice = ({ requireAdmin, administer, queue, audit }: AdminAppserviceDeps) =>
  new Hono().post('/_eyrie/admin/v1/appservices/:id/replay', ...requireAdmin, jsonBody(Body), async (c) => {
    const id = c.req.param('id');
    if ((await administer.store.find(id)) === undefined) throw notFound('There is no such application service');
    const { since_ts: since } = c.req.valid('json');
    const by = c.var.requester.userId;
    const detail = { id, since_ts: since };
    await audit.write({ ts: administer.now(), by, action: 'appservice_replay', detail });
    await queue.replay(id, since);
    return c.json({ queue: backlogAnswer(await queue.backlog(id)) });
  });
