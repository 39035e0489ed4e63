import { Hono } from 'hono';

import { accountData } from './account-data.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { filter } from './filter.ts';
import { getCapabilities } from './get-capabilities.ts';
import { getTokenOwner } from './get-token-owner.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { profile } from './profile.ts';
import { refresh } from './refresh.ts';
import { register } from './register.ts';

/** Accounts, sessions, profiles, account data and filters. */
export function accountRoutes(deps: AccountRouteDeps): Hono {
  const endpoints = [register, login, logout, refresh, getTokenOwner, getCapabilities, profile, accountData, filter];
  const app = new Hono();
  for (const endpoint of endpoints) app.route('/', endpoint(deps));
  return app;
}
