import { Hono } from 'hono';

import type { MediaDeps } from '../../media/ports.ts';
import type { Thumbnails } from '../../media/thumbnail.ts';
import type { RequireServer } from '../middleware/require-server.ts';
import { getContentThumbnail } from './get-content-thumbnail.ts';
import { getContent } from './get-content.ts';

export interface FederationMediaDeps {
  readonly requireServer: RequireServer;
  readonly media: MediaDeps;
  readonly thumbnails: Thumbnails;
}

/** Files, for other servers. */
export const federationMediaRoutes = (deps: FederationMediaDeps) =>
  new Hono().route('/', getContent(deps)).route('/', getContentThumbnail(deps));
