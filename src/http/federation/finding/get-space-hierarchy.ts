// GET /_matrix/federation/v1/hierarchy/{roomId} (Server-Server API, "Spaces")
import { Hono } from 'hono';

import { spaceForServer } from '../../../rooms/finding/space-for-server.ts';
import { booleanParam } from '../../boolean-param.ts';
import { roomIdIn } from '../request-ids.ts';
import type { FederationFindingDeps } from './deps.ts';

type Deps = Pick<FederationFindingDeps, 'requireServer' | 'spaces'>;

export const getSpaceHierarchy = ({ requireServer, spaces }: Deps) =>
  new Hono().get('/_matrix/federation/v1/hierarchy/:roomId', requireServer, async (c) => {
    const roomId = roomIdIn(c.req.param('roomId'));
    const suggestedOnly = booleanParam('suggested_only', c.req.query('suggested_only')) ?? false;
    return c.json(await spaceForServer(spaces, c.var.requester.origin, { roomId, suggestedOnly }));
  });
