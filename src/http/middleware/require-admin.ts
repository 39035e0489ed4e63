import type { MiddlewareHandler } from 'hono';

import { forbidden } from '../../matrix/error.ts';
import type { FromUser, RequireUser } from '../client/from-user.ts';

/** Both stand in the route, in this order. */
export type RequireAdmin = readonly [RequireUser, MiddlewareHandler<FromUser>];

/** Lets only administrators of this server in: `M_FORBIDDEN` for other users. */
export const requireAdmin = (requireUser: RequireUser): RequireAdmin => [
  requireUser,
  async (c, next) => {
    if (!c.var.requester.isAdmin) throw forbidden('Only an administrator of this server may do this');
    await next();
  },
];
