import { routePath } from 'hono/route';

import type { SessionTokens } from '../../accounts/session-tokens.ts';
import { missingToken, unknownToken } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { RequireUser } from '../client/from-user.ts';
import type { ClientAddress } from '../client-address.ts';
import type { AssertedIdentity } from './asserted-identity.ts';
import { checkStanding, type SessionStanding } from './check-standing.ts';

/** Who an access token stands for. */
export interface Session extends SessionStanding {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly isAdmin: boolean;
  /** Milliseconds since the epoch. */
  readonly expiresTs?: number;
}

export interface TokenCache {
  /** After a logout: this isolate believes no token of these devices, or of any of the user's, any longer. */
  forget(userId: UserId, deviceIds?: readonly string[]): void;
}

/** A positive answer is believed this long in an isolate (contracts, section 6). */
const BELIEVED_MS = 30_000;
const MAX_BELIEVED = 10_000;

/**
 * Lets only users in: `M_MISSING_TOKEN`, `M_UNKNOWN_TOKEN`, and what {@link checkStanding} throws. The token names its shard, which holds its hash; no
 * authentication reads D1. Source: Client-Server API, "Using access tokens".
 * @param deps.session asks the shard; throws `M_UNKNOWN_TOKEN`.
 */
export function requireUser(deps: {
  readonly tokens: Pick<SessionTokens, 'shardOf'>;
  readonly session: (shard: string, token: string, address: string | undefined) => Promise<Session>;
  readonly asserted: AssertedIdentity;
  /** Does what a request asks for as an application service: what comes of it is known to be its. */
  readonly acting: (appserviceId: string, work: () => Promise<void>) => Promise<void>;
  /** It is there: what waits for it is tried. Never rejects. */
  readonly called: (appserviceId: string) => Promise<void>;
  readonly address: ClientAddress;
  readonly now: () => number;
}): { readonly middleware: RequireUser; readonly cache: TokenCache } {
  const believed = new BelievedSessions();
  const middleware: RequireUser = async (c, next) => {
    const token = tokenOf(c.req.header('authorization'), c.req.query('access_token'));
    if (token === undefined) throw missingToken('An access token is needed');
    const held = believed.get(token, deps.now());
    // Whose token is believed has had its seal checked, which costs more than anything else here.
    const shard = held?.shard ?? deps.tokens.shardOf(token);
    if (shard === undefined) {
      const asserted = await deps.asserted(token, (name) => c.req.query(name));
      if (asserted === undefined) throw unknownToken('Unknown access token');
      const { standing, ...who } = asserted;
      checkStanding(standing, `${c.req.method} ${routePath(c)}`);
      const { isSuspended = false, isGuest = false } = standing;
      c.set('requester', { ...who, isAdmin: false, isSuspended, isGuest, token });
      const { id } = asserted.appservice;
      c.executionCtx.waitUntil(deps.called(id));
      return deps.acting(id, next);
    }
    let session = held?.session;
    if (session === undefined) {
      const generation = believed.generation;
      session = await deps.session(shard, token, deps.address(c));
      // A logout may have come between the shard's answer and here.
      if (believed.generation === generation) believed.put(token, { session, shard }, deps.now());
    }
    checkStanding(session, `${c.req.method} ${routePath(c)}`);
    const { userId, deviceId, isAdmin, isSuspended = false, isGuest = false } = session;
    c.set('requester', { userId, deviceId, isAdmin, isSuspended, isGuest, shard, token });
    await next();
  };
  return { middleware, cache: believed };
}

interface Believed {
  readonly session: Session;
  readonly shard: string;
}

class BelievedSessions implements TokenCache {
  /** Counts the logouts. */
  generation = 0;
  readonly #entries = new Map<string, Believed & { readonly until: number }>();

  get(token: string, now: number): Believed | undefined {
    const held = this.#entries.get(token);
    return held !== undefined && now < held.until ? held : undefined;
  }

  put(token: string, believed: Believed, now: number): void {
    const until = Math.min(now + BELIEVED_MS, believed.session.expiresTs ?? Infinity);
    this.#entries.delete(token);
    this.#entries.set(token, { ...believed, until });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_BELIEVED && oldest !== undefined) this.#entries.delete(oldest);
  }

  forget(userId: UserId, deviceIds?: readonly string[]): void {
    this.generation += 1;
    for (const [token, { session }] of this.#entries) {
      const isMeant = session.userId === userId && (deviceIds === undefined || deviceIds.includes(session.deviceId));
      if (isMeant) this.#entries.delete(token);
    }
  }
}

export function tokenOf(header: string | undefined, query: string | undefined): string | undefined {
  const bearer = header === undefined ? undefined : /^Bearer +(\S+)$/i.exec(header)?.[1];
  return bearer ?? (query === '' ? undefined : query);
}
