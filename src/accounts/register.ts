import { invalidParam, invalidUsername, userInUse } from '../matrix/error.ts';
import { isValidNewLocalpart, makeUserId } from '../matrix/ids/user-id.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { hashPassword, MAX_PASSWORD_BYTES } from './password.ts';
import type { Account, AccountsDeps } from './ports.ts';

/** Throws `M_INVALID_USERNAME`. Source: Client-Server API, "Account registration". */
export function newUserId(deps: Pick<AccountsDeps, 'serverName'>, localpart: string): UserId {
  if (!isValidNewLocalpart(localpart)) {
    throw invalidUsername('User names hold only lower case letters, digits and ._=-/+');
  }
  const userId = makeUserId(localpart, deps.serverName);
  if (!userId.ok) throw invalidUsername('The user name is too long');
  return userId.value;
}

/** Makes an account. Throws `M_USER_IN_USE`, also for a name that a deactivated account had. */
export async function createAccount(
  deps: AccountsDeps,
  input: { readonly userId: UserId; readonly password: string | undefined; readonly isAdmin: boolean },
): Promise<Account> {
  const { userId, password, isAdmin } = input;
  if (password !== undefined && Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw invalidParam(`A password may have at most ${MAX_PASSWORD_BYTES} bytes`);
  }
  if ((await deps.accounts.find(userId)) !== undefined) throw userInUse('That user name is taken');
  const passwordHash = password === undefined ? undefined : await hashPassword(password, deps.passwordCost);
  const account = await deps.accounts.create({ userId, passwordHash, isAdmin, now: deps.now() });
  if (account === undefined) throw userInUse('That user name is taken');
  return account;
}
