import { shardOfToken } from '../../accounts/open-session.ts';
import { missingToken, unknownToken } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { RequireUser } from '../client/from-user.ts';

/** Who an access token stands for. */
export interface Session {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly isAdmin: boolean;
}

export interface TokenCache {
  /** After a logout: this isolate believes the token no longer. */
  forget(token: string): void;
}

/** A positive answer is believed this long in an isolate (contracts, section 6). */
const BELIEVED_MS = 30_000;
const MAX_BELIEVED = 10_000;

/**
 * Lets only users in: `M_MISSING_TOKEN`, `M_UNKNOWN_TOKEN`. The token names its shard, which holds its hash; no
 * authentication reads D1. Source: Client-Server API, "Using access tokens".
 * @param session asks the shard; throws `M_UNKNOWN_TOKEN`.
 */
export function requireUser(
  session: (shard: string, token: string) => Promise<Session>,
  now: () => number,
): { readonly middleware: RequireUser; readonly cache: TokenCache } {
  const believed = new Map<string, { readonly session: Session; readonly until: number }>();
  const middleware: RequireUser = async (c, next) => {
    const token = tokenOf(c.req.header('authorization'), c.req.query('access_token'));
    if (token === undefined) throw missingToken('An access token is needed');
    const shard = shardOfToken(token);
    if (shard === undefined) throw unknownToken('Unknown access token');
    const held = believed.get(token);
    const isFresh = held !== undefined && held.until > now();
    const asked = isFresh ? held.session : await session(shard, token);
    if (!isFresh) {
      if (believed.size >= MAX_BELIEVED) believed.clear();
      believed.set(token, { session: asked, until: now() + BELIEVED_MS });
    }
    c.set('requester', { ...asked, shard, token });
    await next();
  };
  return { middleware, cache: { forget: (token) => believed.delete(token) } };
}

function tokenOf(header: string | undefined, query: string | undefined): string | undefined {
  const bearer = header === undefined ? undefined : /^Bearer +(\S+)$/i.exec(header)?.[1];
  return bearer ?? (query === '' ? undefined : query);
}
