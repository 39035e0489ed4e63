// GET /_eyrie/admin/v1/appservices
import { Hono } from 'hono';

import { appserviceAnswer } from './appservice-answer.ts';
import type { AdminAppserviceDeps } from './router.ts';

export const listAppservices = ({ requireAdmin, administer }: AdminAppserviceDeps) =>
  new Hono().get('/_eyrie/admin/v1/appservices', ...requireAdmin, async (c) => {
    const all = await administer.store.all();
    return c.json({ appservices: all.map(({ registration }) => appserviceAnswer(registration)) });
  });
