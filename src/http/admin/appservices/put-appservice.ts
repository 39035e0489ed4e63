// PUT /_eyrie/admin/v1/appservices/{id}
import { Hono } from 'hono';

import { putRegistration } from '../../../appservice/administer.ts';
import { badJson } from '../../../matrix/error.ts';
import { isJsonObject } from '../../../matrix/json/json-value.ts';
import { readJson } from '../../middleware/json-body.ts';
import { appserviceAnswer } from './appservice-answer.ts';
import type { AdminAppserviceDeps } from './router.ts';

export const putAppservice = ({ requireAdmin, administer }: AdminAppserviceDeps) =>
  new Hono().put('/_eyrie/admin/v1/appservices/:id', ...requireAdmin, async (c) => {
    const body = await readJson(c.req.raw);
    if (!isJsonObject(body)) throw badJson('The body is no object');
    const registration = await putRegistration(administer, c.var.requester.userId, c.req.param('id'), body);
    return c.json(appserviceAnswer(registration));
  });
