// POST /_matrix/client/v3/publicRooms (Client-Server API, "Published room directory")
import { Hono } from 'hono';

import { DirectoryBody, directoryQueryOf } from '../../directory-query.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import type { FindingDeps } from './deps.ts';
import { directoryOf } from './directory-of.ts';

type Deps = Pick<FindingDeps, 'serverName' | 'requireUser' | 'localRooms' | 'remote'>;

export const queryPublicRooms = (deps: Deps) =>
  new Hono().post('/_matrix/client/v3/publicRooms', deps.requireUser, jsonBody(DirectoryBody), async (c) =>
    c.json(await directoryOf(deps, c, directoryQueryOf(c.req.valid('json')))),
  );
