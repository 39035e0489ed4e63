// GET /_synapse/admin/v1/register (Synapse, "Shared-Secret Registration")
import { Hono } from 'hono';

import { newNonce, type SharedSecretDeps } from '../../accounts/shared-secret.ts';
import type { Limits } from '../middleware/rate-limit.ts';

/** NOTSPEC: Synapse's own path, for the tools that know it. */
export const getRegistrationNonce = (limits: Pick<Limits, 'guessing'>, deps: SharedSecretDeps) =>
  new Hono().get('/_synapse/admin/v1/register', limits.guessing, (c) => c.json({ nonce: newNonce(deps) }));
