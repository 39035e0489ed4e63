import type { MiddlewareHandler } from 'hono';

import type { MediaDeps } from '../../media/ports.ts';
import type { Thumbnails } from '../../media/thumbnail.ts';
import type { RequireUser } from '../client/from-user.ts';

/** What the endpoints about files are given. */
export interface MediaRouteDeps {
  readonly requireUser: RequireUser;
  /** Stands behind `requireUser`. */
  readonly limitUploads: MiddlewareHandler;
  readonly media: MediaDeps;
  readonly thumbnails: Thumbnails;
}
