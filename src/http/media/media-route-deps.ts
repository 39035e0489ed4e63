import type { MiddlewareHandler } from 'hono';

import type { MediaDeps } from '../../media/ports.ts';
import type { Previews } from '../../media/previews/preview-url.ts';
import type { Thumbnails } from '../../media/thumbnail.ts';
import type { RequireUser } from '../client/from-user.ts';

/** What the endpoints about files are given. */
export interface MediaRouteDeps {
  readonly requireUser: RequireUser;
  /** Stands behind `requireUser`. */
  readonly limitUploads: MiddlewareHandler;
  /** Stands behind `requireUser`. */
  readonly limitPreviews: MiddlewareHandler;
  readonly media: MediaDeps;
  readonly previews: Previews;
  readonly thumbnails: Thumbnails;
}
