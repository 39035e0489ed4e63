import { exclusive, forbidden, userDeactivated } from '../matrix/error.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import type { Account, AccountsDeps } from './ports.ts';
import { createAccount, freeUserId } from './register.ts';

/** The application service that asks. */
interface Owner {
  ownsUser(userId: UserId): boolean;
}

/**
 * Makes an account without a password for an application service. Throws `M_EXCLUSIVE` outside its namespace,
 * `M_USER_IN_USE`, `M_INVALID_USERNAME`. Source: Application Service API, "Server admin style permissions".
 */
export async function registerOwned(deps: AccountsDeps, owner: Owner, username: string): Promise<Account> {
  const userId = await freeUserId(deps, username, (candidate) => {
    if (!owner.ownsUser(candidate)) throw outside(candidate);
  });
  return createAccount(deps, { userId, password: undefined, isAdmin: false });
}

/** The account that an application service logs in as. Throws `M_EXCLUSIVE`, `M_FORBIDDEN`, `M_USER_DEACTIVATED`. */
export async function ownedAccount(deps: AccountsDeps, owner: Owner, userId: UserId | undefined): Promise<Account> {
  if (userId === undefined || !owner.ownsUser(userId)) throw outside(userId ?? 'The user');
  const account = await deps.accounts.find(userId);
  if (account === undefined) throw forbidden(`${userId} is not registered`);
  if (account.isDeactivated) throw userDeactivated('This account has been deactivated');
  if (account.isAdmin) throw forbidden('Administrators log in themselves');
  return account;
}

const outside = (user: string) => exclusive(`${user} is not in the namespace of this application service`);

/** The account of an application service's own user; made unless it is there. */
export async function ensureAccount(deps: AccountsDeps, userId: UserId): Promise<void> {
  if ((await deps.accounts.find(userId)) !== undefined) return;
  await deps.accounts.create({ userId, passwordHash: undefined, isAdmin: false, gate: undefined, now: deps.now() });
}
