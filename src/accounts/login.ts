import { forbidden, limitExceeded, userDeactivated } from '../matrix/error.ts';
import { makeUserId, parseUserId, userIdServer } from '../matrix/ids/user-id.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { hashPassword, MAX_PASSWORD_BYTES, verifyPassword } from './password.ts';
import type { Account, AccountsDeps } from './ports.ts';

/** The user that a login names, by ID or local part; `undefined` for one of another server. */
export function loginUserId(deps: Pick<AccountsDeps, 'serverName'>, user: string): UserId | undefined {
  const parsed = user.startsWith('@') ? parseUserId(user) : makeUserId(user.toLowerCase(), deps.serverName);
  if (!parsed.ok || userIdServer(parsed.value) !== deps.serverName) return undefined;
  return parsed.value;
}

/**
 * Checks the password of a login. Throws `M_FORBIDDEN`, the same and after the same time for a wrong password and an
 * unknown user, `M_USER_DEACTIVATED`, and `M_LIMIT_EXCEEDED` when somebody tries too often.
 * Source: Client-Server API, "Login", `m.login.password`.
 */
export async function checkPassword(
  deps: AccountsDeps,
  userId: UserId | undefined,
  password: string,
): Promise<Account> {
  const account = userId === undefined ? undefined : await deps.accounts.find(userId);
  if (account?.isDeactivated === true) throw userDeactivated('This account has been deactivated');
  const isRight = await tryPassword(deps, userId, account, password);
  if (account === undefined || !isRight) throw forbidden('Wrong user name or password');
  return account;
}

/** Whether it is the password of an account. Throws `M_LIMIT_EXCEEDED` when somebody tries too often. */
export async function tryPassword(
  deps: AccountsDeps,
  userId: UserId | undefined,
  account: Account | undefined,
  password: string,
): Promise<boolean> {
  if (userId !== undefined) {
    const waitMs = await deps.tries.take(userId, account?.shard);
    if (waitMs > 0) throw limitExceeded('Too many wrong passwords', { retry_after_ms: Math.ceil(waitMs) });
  }
  if (account?.passwordHash === undefined) {
    await hashPassword(password.slice(0, MAX_PASSWORD_BYTES), deps.passwordCost);
    return false;
  }
  const isRight = await verifyPassword(password, account.passwordHash);
  if (isRight) await deps.tries.clear(account.userId, account.shard);
  return isRight;
}
