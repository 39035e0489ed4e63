import type { MiddlewareHandler } from 'hono';

import { limitExceeded } from '../../matrix/error.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import { RateLimiter, type RateLimit } from '../../matrix/rate-limiter.ts';
import type { FromUser } from '../client/from-user.ts';
import { tokenOf } from './require-user.ts';
import { addressKey, type ClientAddress } from '../client-address.ts';

/**
 * Limits by route: each stands in the routes that it limits, so that no way of writing a path passes it by. Counted in
 * the memory of an isolate: a deployment with several of them allows that many times as much. What guards a password is
 * counted in the user's shard besides.
 */
export interface Limits {
  readonly registration: MiddlewareHandler;
  /** Of guests, besides. */
  readonly guests: MiddlewareHandler;
  readonly login: MiddlewareHandler;
  /** What may be guessed: registration tokens, the shared secret, refresh tokens. */
  readonly guessing: MiddlewareHandler;
  /** What anybody may ask, and has us ask other servers. */
  readonly strangers: MiddlewareHandler;
  /** Of users, by user; stands behind `requireUser`. */
  readonly sending: MiddlewareHandler;
  /** The same for messages to devices, of which one request may hold many and call as many servers. */
  readonly toDevice: MiddlewareHandler;
  /** The same for files. */
  readonly uploads: MiddlewareHandler;
  /** The same for previews of links, for which other sites are asked. */
  readonly previews: MiddlewareHandler;
  /** The same for what asks many rooms. */
  readonly searching: MiddlewareHandler;
  /** The same for login tokens. */
  readonly delegating: MiddlewareHandler;
  /** The same of reports to the administrators. */
  readonly reporting: MiddlewareHandler;
  /** Of other servers, by origin: counts a request. Throws `M_LIMIT_EXCEEDED`. */
  readonly origin: (server: ServerName) => void;
}

const REGISTRATION: RateLimit = { burst: 20, intervalMs: 3_000 };
const LOGIN: RateLimit = { burst: 30, intervalMs: 1_000 };
const GUESSING: RateLimit = { burst: 30, intervalMs: 1_000 };
const STRANGERS: RateLimit = { burst: 100, intervalMs: 200 };
const SENDING: RateLimit = { burst: 100, intervalMs: 100 };
/** Clients send the keys of a message to some dozens of devices in a request, and all at once. */
const TO_DEVICE: RateLimit = { burst: 200, intervalMs: 50 };
const UPLOADS: RateLimit = { burst: 60, intervalMs: 1_000 };
const PREVIEWS: RateLimit = { burst: 60, intervalMs: 5_000 };
const SEARCHING: RateLimit = { burst: 30, intervalMs: 1_000 };
/** Without authentication, and each is an account for ever. */
const GUESTS: RateLimit = { burst: 5, intervalMs: 60_000 };
/** Each takes two requests. */
const DELEGATING: RateLimit = { burst: 10, intervalMs: 30_000 };
const REPORTING: RateLimit = { burst: 20, intervalMs: 10_000 };
/** Of which each may be a transaction of 50 PDUs. */
const ORIGIN: RateLimit = { burst: 1_000, intervalMs: 20 };

const unlimited: MiddlewareHandler = (_c, next) => next();

/** @param enabled false: nothing is limited (a flag of the embedded server, for tests and benches). */
export function createLimits(options: {
  readonly enabled: boolean;
  readonly address: ClientAddress;
  readonly now: () => number;
  /** Whether the token that a request without a session carries is of somebody who is not limited. */
  readonly isExempt: (token: string) => Promise<boolean>;
}): Limits {
  const { enabled, address, now, isExempt } = options;
  if (!enabled) {
    return {
      registration: unlimited,
      guests: unlimited,
      login: unlimited,
      guessing: unlimited,
      strangers: unlimited,
      sending: unlimited,
      toDevice: unlimited,
      uploads: unlimited,
      previews: unlimited,
      searching: unlimited,
      delegating: unlimited,
      reporting: unlimited,
      origin: () => {},
    };
  }
  const byAddress = (limit: RateLimit): MiddlewareHandler => {
    const limiter = new RateLimiter(limit);
    return async (c, next) => {
      const token = tokenOf(c.req.header('authorization'), undefined);
      const isFree = token !== undefined && (await isExempt(token));
      if (!isFree) refuseAfter(limiter.take(addressKey(address(c)), now()));
      await next();
    };
  };
  const bySender = (limit: RateLimit): MiddlewareHandler<FromUser> => {
    const limiter = new RateLimiter(limit);
    return async (c, next) => {
      const { userId, appservice } = c.var.requester;
      if (appservice?.isRateLimited !== false) refuseAfter(limiter.take(userId, now()));
      await next();
    };
  };
  const origins = new RateLimiter(ORIGIN);
  return {
    origin: (server) => refuseAfter(origins.take(server, now())),
    registration: byAddress(REGISTRATION),
    guests: byAddress(GUESTS),
    login: byAddress(LOGIN),
    guessing: byAddress(GUESSING),
    strangers: byAddress(STRANGERS),
    sending: bySender(SENDING) as MiddlewareHandler,
    toDevice: bySender(TO_DEVICE) as MiddlewareHandler,
    uploads: bySender(UPLOADS) as MiddlewareHandler,
    previews: bySender(PREVIEWS) as MiddlewareHandler,
    searching: bySender(SEARCHING) as MiddlewareHandler,
    delegating: bySender(DELEGATING) as MiddlewareHandler,
    reporting: bySender(REPORTING) as MiddlewareHandler,
  };
}

/** Throws `M_LIMIT_EXCEEDED` unless `waitMs` is 0. Source: Client-Server API, "Rate limiting". */
function refuseAfter(waitMs: number): void {
  if (waitMs > 0) throw limitExceeded('Too many requests', { retry_after_ms: Math.ceil(waitMs) });
}
