import { forbidden, userDeactivated } from '../matrix/error.ts';
import { makeUserId, parseUserId, userIdServer } from '../matrix/ids/user-id.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { hashPassword, verifyPassword } from './password.ts';
import type { Account, AccountsDeps } from './ports.ts';

/** The user that a login names, by ID or local part; `undefined` for one of another server. */
export function loginUserId(deps: Pick<AccountsDeps, 'serverName'>, user: string): UserId | undefined {
  const parsed = user.startsWith('@') ? parseUserId(user) : makeUserId(user.toLowerCase(), deps.serverName);
  if (!parsed.ok || userIdServer(parsed.value) !== deps.serverName) return undefined;
  return parsed.value;
}

/**
 * Checks a password. Throws `M_FORBIDDEN`, the same and after the same time for a wrong password and an unknown user,
 * and `M_USER_DEACTIVATED` for who knows the password of a deactivated account.
 * Source: Client-Server API, "Login", `m.login.password`.
 */
export async function checkPassword(
  deps: AccountsDeps,
  userId: UserId | undefined,
  password: string,
): Promise<Account> {
  const account = userId === undefined ? undefined : await deps.accounts.find(userId);
  if (account?.passwordHash === undefined) {
    await hashPassword(password.slice(0, 128), deps.passwordCost);
    throw forbidden('Wrong user name or password');
  }
  if (!(await verifyPassword(password, account.passwordHash))) throw forbidden('Wrong user name or password');
  if (account.isDeactivated) throw userDeactivated('This account has been deactivated');
  return account;
}
