// GET /_matrix/federation/v1/publicRooms (Server-Server API, "Published room directory")
import { Hono } from 'hono';

import { directoryQueryIn } from '../../directory-query.ts';
import type { FederationFindingDeps } from './deps.ts';

type Deps = Pick<FederationFindingDeps, 'requireServer' | 'localRooms'>;

export const getPublicRooms = ({ requireServer, localRooms }: Deps) =>
  new Hono().get('/_matrix/federation/v1/publicRooms', requireServer, async (c) =>
    c.json(await localRooms(directoryQueryIn((name) => c.req.query(name)))),
  );
