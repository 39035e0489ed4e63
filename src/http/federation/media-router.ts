import { Hono } from 'hono';

import type { MediaDeps } from '../../media/ports.ts';
import type { RequireServer } from '../middleware/require-server.ts';
import { getContent } from './get-content.ts';

export interface FederationMediaDeps {
  readonly requireServer: RequireServer;
  readonly media: MediaDeps;
}

/** Files, for other servers. */
export const federationMediaRoutes = (deps: FederationMediaDeps) => new Hono().route('/', getContent(deps));
