// GET /_matrix/client/v3/thirdparty/location/{protocol}, /thirdparty/user/{protocol} (Client-Server API, "Third-party Lookup")
import { Hono } from 'hono';

import { lookUp } from '../../../appservice/asking/third-party.ts';
import type { ThirdPartyDeps } from './router.ts';

/** Who asks, which is not the application service's business. */
const OURS = ['access_token', 'user_id', 'device_id', 'org.matrix.msc3202.device_id', 'ts'];

export const queryByProtocol = ({ requireUser, asking }: ThirdPartyDeps) =>
  new Hono()
    .get('/_matrix/client/v3/thirdparty/location/:protocol', requireUser, async (c) =>
      c.json(await lookUp(asking, 'location', c.req.param('protocol'), fieldsOf(c.req.url))),
    )
    .get('/_matrix/client/v3/thirdparty/user/:protocol', requireUser, async (c) =>
      c.json(await lookUp(asking, 'user', c.req.param('protocol'), fieldsOf(c.req.url))),
    );

function fieldsOf(url: string): URLSearchParams {
  const fields = new URL(url).searchParams;
  for (const name of OURS) fields.delete(name);
  return fields;
}
