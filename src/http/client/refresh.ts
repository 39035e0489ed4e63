// POST /_matrix/client/v3/refresh (Client-Server API, "Refreshing access tokens")
import { Hono } from 'hono';
import * as v from 'valibot';

import { TOKEN_LIFE_MS } from '../../accounts/open-session.ts';
import { unknownToken } from '../../matrix/error.ts';
import { tokenHash } from '../../user/devices/sessions.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

const Body = v.object({ refresh_token: v.string() });

export const refresh = ({ accounts, limits, shards, tokenCache }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/refresh', limits.guessing, jsonBody(Body), async (c) => {
    const { refresh_token: old } = c.req.valid('json');
    const shard = accounts.sessionTokens.shardOf(old);
    if (shard === undefined) throw unknownToken('Unknown refresh token');
    const accessToken = accounts.sessionTokens.make(shard);
    const refreshToken = accounts.sessionTokens.make(shard);
    const expiresTs = accounts.now() + TOKEN_LIFE_MS;
    const ended = await shards(shard).refresh({ hash: tokenHash(old), accessToken, refreshToken, expiresTs });
    if (ended !== undefined) {
      tokenCache.forget(ended.userId, [ended.deviceId]);
      throw unknownToken('This token was replaced by another one');
    }
    return c.json({ access_token: accessToken, refresh_token: refreshToken, expires_in_ms: TOKEN_LIFE_MS });
  });
