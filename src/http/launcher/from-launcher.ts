import type { MiddlewareHandler } from 'hono';

import { unrecognized } from '../../matrix/error.ts';
import { sameSecret } from '../middleware/from-front.ts';

/** What the front passes on of clients has no header that begins so. */
const HEADER = 'eyrie-launcher-secret';

/** For nobody but the launcher of the embedded server the route is there. */
export const fromLauncher =
  (secret: string): MiddlewareHandler =>
  async (c, next) => {
    if (!sameSecret(c.req.header(HEADER) ?? '', secret)) throw unrecognized('Unrecognized request');
    await next();
  };
