// GET /_matrix/federation/v1/query/{queryType} (Server-Server API, "Querying for information")
import { Hono } from 'hono';

import { unrecognized } from '../../matrix/error.ts';
import type { RequireServer } from '../middleware/require-server.ts';

/** Every type that the specification defines has an endpoint of its own. */
export const queryInfo = (requireServer: RequireServer) =>
  new Hono().get('/_matrix/federation/v1/query/:queryType', requireServer, () => {
    throw unrecognized('There is no such type of query');
  });
