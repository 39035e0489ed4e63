import { Hono } from 'hono';

import type { ManageTokensDeps } from '../../../accounts/manage-tokens.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { listTokens } from './list-tokens.ts';
import { makeRegistrationToken } from './make-token.ts';
import { removeRegistrationToken } from './remove-token.ts';

export const registrationTokenRoutes = (requireAdmin: RequireAdmin, deps: ManageTokensDeps) =>
  new Hono()
    .route('/', listTokens(requireAdmin, deps))
    .route('/', makeRegistrationToken(requireAdmin, deps))
    .route('/', removeRegistrationToken(requireAdmin, deps));
