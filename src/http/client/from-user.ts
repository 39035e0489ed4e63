import type { MiddlewareHandler } from 'hono';

import type { UserId } from '../../matrix/ids/brands.ts';

/** A local user and the device that asks. */
export interface Requester {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly shard: string;
  readonly isAdmin: boolean;
  readonly isSuspended: boolean;
  readonly isGuest: boolean;
  readonly token: string;
}

/** What an endpoint for clients knows of its caller. */
export interface FromUser {
  Variables: { requester: Requester };
}

/** Lets only users in. It stands in every route that the specification does not open. */
export type RequireUser = MiddlewareHandler<FromUser>;

/** Whose transaction IDs a request uses and is shown. Source: Client-Server API, "Transaction identifiers". */
export function deviceScope({ userId, deviceId }: Requester): string {
  return `${userId}/${deviceId}`;
}
