import { forbidden } from '../matrix/error.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../matrix/json/json-value.ts';
import { loginUserId, tryPassword } from './login.ts';
import type { Account, AccountsDeps } from './ports.ts';
import { challenge, requireStage, type Uia } from './uia.ts';

/**
 * Lets a user confirm an operation with the password: theirs, and nobody else's. Throws 401 with the flows, and
 * `M_LIMIT_EXCEEDED`. Source: Client-Server API, "User-Interactive Authentication API", "Password-based".
 * @param operation names the endpoint, and what it acts on where that matters.
 */
export async function confirmPassword(
  deps: AccountsDeps,
  userId: UserId,
  operation: string,
  given: unknown,
): Promise<Account> {
  const uia: Uia = { operation: `${operation} ${userId}`, flows: [['m.login.password']] };
  const auth = requireStage(uia, given, deps);
  const { password } = auth;
  const isTheirs = namedUser(deps, auth) === userId && typeof password === 'string';
  const account = await deps.accounts.find(userId);
  if (account === undefined || !isTheirs || !(await tryPassword(deps, userId, account, password))) {
    throw challenge(uia, deps, { auth, failed: forbidden('Wrong user or password') });
  }
  return account;
}

/** By `identifier`, or by the `user` of older clients. */
function namedUser(deps: AccountsDeps, auth: JsonObject): UserId | undefined {
  const { identifier } = auth;
  const isById = isJsonObject(identifier) && identifier['type'] === 'm.id.user';
  const user = isById ? identifier['user'] : auth['user'];
  return typeof user === 'string' ? loginUserId(deps, user) : undefined;
}
