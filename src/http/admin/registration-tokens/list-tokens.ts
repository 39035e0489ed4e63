// GET /_eyrie/admin/v1/registration-tokens
import { Hono } from 'hono';

import type { ManageTokensDeps } from '../../../accounts/manage-tokens.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { tokenAnswer } from './token-answer.ts';

export const listTokens = (requireAdmin: RequireAdmin, { tokens }: ManageTokensDeps) =>
  new Hono().get('/_eyrie/admin/v1/registration-tokens', ...requireAdmin, async (c) =>
    c.json({ registration_tokens: (await tokens.list()).map(tokenAnswer) }),
  );
