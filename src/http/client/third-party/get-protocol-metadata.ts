// GET /_matrix/client/v3/thirdparty/protocol/{protocol} (Client-Server API, "Third-party Lookup")
import { Hono } from 'hono';

import { protocol } from '../../../appservice/asking/third-party.ts';
import type { ThirdPartyDeps } from './router.ts';

export const getProtocolMetadata = ({ requireUser, asking }: ThirdPartyDeps) =>
  new Hono().get('/_matrix/client/v3/thirdparty/protocol/:protocol', requireUser, async (c) =>
    c.json(await protocol(asking, c.req.param('protocol'))),
  );
