import type { MiddlewareHandler } from 'hono';

import type { UserId } from '../../matrix/ids/brands.ts';

/** What an endpoint for clients knows of its caller. */
export interface FromUser {
  Variables: {
    requester: {
      readonly userId: UserId;
      readonly deviceId: string;
      readonly shard: string;
      readonly isAdmin: boolean;
      readonly token: string;
    };
  };
}

export type RequireUser = MiddlewareHandler<FromUser>;
