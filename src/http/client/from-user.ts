import type { MiddlewareHandler } from 'hono';

import { forbidden, invalidParam } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';

/** A local user and the device that asks. */
export interface Requester {
  readonly userId: UserId;
  /** Empty for an application service that names none. */
  readonly deviceId: string;
  readonly shard: string;
  readonly isAdmin: boolean;
  readonly isSuspended: boolean;
  readonly isGuest: boolean;
  readonly token: string;
  /** Set where an application service acts as the user. */
  readonly appservice?: AssertingAppservice;
}

export interface AssertingAppservice {
  readonly id: string;
  readonly isRateLimited: boolean;
  /** The `ts` of the request, as it was given. */
  readonly ts: string | undefined;
}

/** What an endpoint for clients knows of its caller. */
export interface FromUser {
  Variables: { requester: Requester };
}

/** Lets only users in. It stands in every route that the specification does not open. */
export type RequireUser = MiddlewareHandler<FromUser>;

/** Whose transaction IDs a request uses and is shown. Source: Client-Server API, "Transaction identifiers". */
export function deviceScope({ userId, deviceId, appservice }: Requester): string {
  const scope = `${userId}/${deviceId}`;
  return appservice === undefined ? scope : `${appservice.id} ${scope}`;
}

/**
 * When the event of a request is to have been sent; `undefined`: now. Throws `M_INVALID_PARAM`.
 * Source: Application Service API, "Timestamp massaging".
 */
export function sentAt({ appservice }: Requester): { readonly originServerTs?: number } {
  const text = appservice?.ts;
  if (text === undefined) return {};
  const originServerTs = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(originServerTs)) {
    throw invalidParam('ts must be a whole number of milliseconds since the epoch');
  }
  return { originServerTs };
}

/** Throws `M_FORBIDDEN`: application services do not manage accounts of users. Source: same, "Identity assertion". */
export function refuseAppservices({ appservice }: Requester): void {
  if (appservice !== undefined) throw forbidden('Application services may not do this for their users');
}
