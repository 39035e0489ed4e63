// POST /_eyrie/oauth/revoke (Client-Server API, "Token revocation"; RFC 7009)
import { Hono } from 'hono';

import { OAuthError } from '../../matrix/error.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { PATHS } from './paths.ts';
import { readForm } from './read-form.ts';
import { requireOAuth } from './require-oauth.ts';

/** Whoever has a token may end its session, whatever client it is of. */
export const revoke = ({ oauth, limits, tokenCache }: OAuthRoutesDeps) =>
  new Hono().post(PATHS.revoke, requireOAuth(oauth), limits.guessing, async (c) => {
    const { token } = await readForm(c.req.raw);
    if (token === undefined) throw new OAuthError('invalid_request', 'token is missing');
    const shard = oauth.sessionTokens.shardOf(token);
    const ended = shard === undefined ? undefined : await oauth.sessions.end(shard, token);
    if (ended !== undefined) tokenCache.forget(ended.userId, [ended.deviceId]);
    return c.json({});
  });
