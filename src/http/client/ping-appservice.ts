// POST /_matrix/client/v1/appservice/{appserviceId}/ping (Application Service API, "Pinging")
import { Hono } from 'hono';
import * as v from 'valibot';

import { ping } from '../../appservice/asking/ping.ts';
import type { AskAppservice } from '../../appservice/asking/ports.ts';
import type { Appservices } from '../../appservice/appservices.ts';
import { forbidden } from '../../matrix/error.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { RequireUser } from './from-user.ts';

const Body = v.object({ transaction_id: v.optional(v.pipe(v.string(), v.maxLength(1_000))) });

export interface PingDeps {
  readonly requireUser: RequireUser;
  readonly appservices: Pick<Appservices, 'byId'>;
  readonly ask: AskAppservice;
  /** It answers again: what waits for it is tried. */
  readonly retry: (id: string) => Promise<void>;
  readonly now: () => number;
}

export const pingAppservice = (deps: PingDeps) =>
  new Hono().post('/_matrix/client/v1/appservice/:appserviceId/ping', deps.requireUser, jsonBody(Body), async (c) => {
    const id = c.req.param('appserviceId');
    const asking = c.var.requester.appservice?.id;
    const appservice = asking === id ? await deps.appservices.byId(id) : undefined;
    if (appservice === undefined) throw forbidden('The access token is not that of this application service');
    const durationMs = await ping(deps, appservice, c.req.valid('json').transaction_id);
    c.executionCtx.waitUntil(deps.retry(appservice.id).catch(() => undefined));
    return c.json({ duration_ms: durationMs });
  });
