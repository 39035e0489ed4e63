// POST /_eyrie/oauth/register (Client-Server API, "Dynamic client registration flow"; RFC 7591)
import { Hono } from 'hono';
import * as v from 'valibot';

import { registerClient as register } from '../../accounts/oauth/clients.ts';
import { OAuthError } from '../../matrix/error.ts';
import { readJson } from '../middleware/json-body.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { PATHS } from './paths.ts';
import { requireOAuth } from './require-oauth.ts';

const MAX_BODY_BYTES = 32_768;
const uri = v.pipe(v.string(), v.maxLength(1_000));

const Body = v.object({
  client_uri: uri,
  client_name: v.optional(v.pipe(v.string(), v.maxLength(100))),
  tos_uri: v.optional(uri),
  policy_uri: v.optional(uri),
  redirect_uris: v.optional(v.pipe(v.array(uri), v.maxLength(10))),
  grant_types: v.optional(v.pipe(v.array(v.string()), v.maxLength(20))),
  application_type: v.optional(v.picklist(['web', 'native'])),
});

export const registerClient = ({ oauth, limits }: OAuthRoutesDeps) =>
  new Hono().post(PATHS.register, requireOAuth(oauth), limits.guessing, async (c) => {
    const checked = v.safeParse(Body, await readJson(c.req.raw, MAX_BODY_BYTES));
    if (!checked.success) {
      const path = v.getDotPath(checked.issues[0]) ?? 'the body';
      throw new OAuthError('invalid_client_metadata', `Wrong value at ${path}`);
    }
    const { clientId, ...metadata } = await register(oauth, checked.output);
    c.header('Cache-Control', 'no-store');
    return c.json({ client_id: clientId, client_id_issued_at: Math.floor(oauth.now() / 1000), ...metadata }, 201);
  });
