// POST /_matrix/federation/v1/publicRooms (Server-Server API, "Published room directory")
import { Hono } from 'hono';

import { DirectoryBody, directoryQueryOf } from '../../directory-query.ts';
import { validated } from '../../middleware/json-body.ts';
import type { FederationFindingDeps } from './deps.ts';

type Deps = Pick<FederationFindingDeps, 'requireServer' | 'localRooms'>;

export const queryPublicRooms = ({ requireServer, localRooms }: Deps) =>
  new Hono().post('/_matrix/federation/v1/publicRooms', requireServer, async (c) =>
    c.json(await localRooms(directoryQueryOf(validated(DirectoryBody, c.var.body ?? {})))),
  );
