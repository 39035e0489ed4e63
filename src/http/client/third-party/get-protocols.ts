// GET /_matrix/client/v3/thirdparty/protocols (Client-Server API, "Third-party Lookup")
import { Hono } from 'hono';

import { protocols } from '../../../appservice/asking/third-party.ts';
import type { ThirdPartyDeps } from './router.ts';

export const getProtocols = ({ requireUser, asking }: ThirdPartyDeps) =>
  new Hono().get('/_matrix/client/v3/thirdparty/protocols', requireUser, async (c) => c.json(await protocols(asking)));
