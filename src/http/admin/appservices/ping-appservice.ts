// POST /_eyrie/admin/v1/appservices/{id}/ping
import { Hono } from 'hono';

import { pingResult, type ConnectDeps } from '../../../appservice/connect/connect-workspace.ts';
import { notFound, urlNotSet } from '../../../matrix/error.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { pingAnswer } from './ping-answer.ts';

interface Deps {
  readonly requireAdmin: RequireAdmin;
  readonly connect: Pick<ConnectDeps, 'administer' | 'appservices' | 'ask'>;
  /** It answers: what waits for it is tried. */
  readonly retry: (id: string) => Promise<void>;
}

/** Whether we reach an application service now: what it asks itself by the ping of the specification. */
export const adminPingAppservice = ({ requireAdmin, connect, retry }: Deps) =>
  new Hono().post('/_eyrie/admin/v1/appservices/:id/ping', ...requireAdmin, async (c) => {
    const id = c.req.param('id');
    if ((await connect.administer.store.find(id)) === undefined) throw notFound('There is no such application service');
    const result = await pingResult(connect, id, connect.administer.now);
    if (result === undefined) throw urlNotSet('The application service has no URL');
    if (result.ok) c.executionCtx.waitUntil(retry(id).catch(() => undefined));
    return c.json(pingAnswer(result));
  });
