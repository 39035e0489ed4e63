// POST /_eyrie/admin/v1/registration-tokens
import { Hono } from 'hono';
import * as v from 'valibot';

import { makeToken, type ManageTokensDeps } from '../../../accounts/manage-tokens.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { tokenAnswer } from './token-answer.ts';

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

const Body = v.object({
  token: v.nullish(v.string()),
  uses_allowed: v.nullish(natural),
  expires_ts: v.nullish(natural),
});

export const makeRegistrationToken = (requireAdmin: RequireAdmin, deps: ManageTokensDeps) =>
  new Hono().post('/_eyrie/admin/v1/registration-tokens', ...requireAdmin, jsonBody(Body), async (c) => {
    const { token, uses_allowed: uses, expires_ts: expires } = c.req.valid('json');
    const made = await makeToken(deps, c.var.requester.userId, {
      token: token ?? undefined,
      usesAllowed: uses ?? undefined,
      expiresTs: expires ?? undefined,
    });
    return c.json(tokenAnswer(made));
  });
