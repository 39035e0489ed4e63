// GET /_eyrie/admin/v1/appservices
import { Hono } from 'hono';

import { appserviceAnswer } from './appservice-answer.ts';
import type { AdminAppserviceDeps } from './router.ts';

/** The registrations, and the files of the embedded server that are none. */
export const listAppservices = ({ requireAdmin, administer, refused }: AdminAppserviceDeps) =>
  new Hono().get('/_eyrie/admin/v1/appservices', ...requireAdmin, async (c) => {
    const [all, files] = await Promise.all([administer.store.all(), refused.all()]);
    return c.json({
      appservices: all.map(({ registration }) => appserviceAnswer(registration)),
      refused_files: files,
    });
  });
