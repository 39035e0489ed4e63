import { randomBytes } from 'node:crypto';

import { forbidden, userDeactivated } from '../matrix/error.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { codeHash } from './code-hash.ts';
import type { Account, AccountsDeps } from './ports.ts';

/** How long a login token waits for its login. */
export const LOGIN_TOKEN_LIFE_MS = 120_000;

const FORMAT = /^eyl_[A-Za-z0-9_-]{43}$/;

type Deps = Pick<AccountsDeps, 'accounts' | 'grants' | 'now'>;

/** A token for one login as the user, of which only the hash is kept. Source: Client-Server API, `POST /login/get_token`. */
export async function makeLoginToken({ grants, now }: Deps, userId: UserId): Promise<string> {
  const token = `eyl_${randomBytes(32).toString('base64url')}`;
  const made = now();
  await grants.put(codeHash(token), { kind: 'login', userId }, made + LOGIN_TOKEN_LIFE_MS, made);
  return token;
}

/**
 * Whose login it is; the token is used up, also where the login fails. Throws `M_FORBIDDEN`, `M_USER_DEACTIVATED`.
 * Source: Client-Server API, "Token-based".
 */
export async function redeemLoginToken({ accounts, grants, now }: Deps, token: string): Promise<Account> {
  const grant = FORMAT.test(token) ? await grants.take('login', codeHash(token), now()) : undefined;
  const account = grant === undefined ? undefined : await accounts.find(grant.userId);
  if (account === undefined) throw forbidden('The login token is not valid');
  if (account.isDeactivated) throw userDeactivated('This account has been deactivated');
  return account;
}
