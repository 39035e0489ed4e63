import { forbidden, invalidParam, notFound } from '../matrix/error.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { parseUserId, userIdServer } from '../matrix/ids/user-id.ts';
import { deactivateAccount } from './deactivate.ts';
import type { Account, AccountsDeps } from './ports.ts';
import { createAccount, hashNewPassword, newUserId } from './register.ts';

/** An account as an administrator sees it. */
export type ListedAccount = Omit<Account, 'passwordHash'> & {
  readonly hasPassword: boolean;
  /** Milliseconds since the epoch. */
  readonly createdTs: number;
  /** The versions of the documents that were accepted, by their IDs; `undefined`: there were none. */
  readonly policies: Readonly<Record<string, string>> | undefined;
};

export interface AccountFilter {
  /** Part of the user ID. */
  readonly search: string | undefined;
  /** The last one of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** What an administrator changes of an account with one word. */
export type AccountFlag = 'admin' | 'locked' | 'suspended';

/** Accounts as administrators manage them, in D1. Each change is in the audit log, in the same transaction. */
export interface AccountAdministration {
  /** By user ID. */
  list(filter: AccountFilter): Promise<readonly ListedAccount[]>;
  find(userId: UserId): Promise<ListedAccount | undefined>;
  setFlag(userId: UserId, flag: AccountFlag, value: boolean, by: UserId, now: number): Promise<void>;
  /** Notes what is done by other means. */
  note(action: string, userId: UserId, by: UserId, now: number): Promise<void>;
}

export interface ManageAccountsDeps {
  readonly accounts: AccountsDeps;
  readonly administration: AccountAdministration;
}

/**
 * The account of a path. Throws `M_INVALID_PARAM` for users of other servers, `M_NOT_FOUND` for nobody, and for who is
 * deactivated. Source: Client-Server API, "Server Administration".
 */
export async function administeredAccount({ accounts }: ManageAccountsDeps, text: string): Promise<Account> {
  const account = await accounts.accounts.find(localUser(accounts, text));
  if (account === undefined || account.isDeactivated) throw notFound('There is no such user');
  return account;
}

export function localUser({ serverName }: Pick<AccountsDeps, 'serverName'>, text: string): UserId {
  const parsed = parseUserId(text);
  if (!parsed.ok || userIdServer(parsed.value) !== serverName) throw invalidParam('This is no user of this server');
  return parsed.value;
}

/**
 * Locks or suspends a user, or lifts it. The list of accounts has it first: what is cut off in between is done by the
 * next call. Throws `M_FORBIDDEN` for administrators.
 */
export async function setRestriction(
  deps: ManageAccountsDeps,
  by: UserId,
  account: Account,
  flag: 'locked' | 'suspended',
  value: boolean,
): Promise<void> {
  if (account.isAdmin) throw forbidden('Administrators cannot be locked or suspended');
  await deps.administration.setFlag(account.userId, flag, value, by, deps.accounts.now());
  await deps.accounts.sessions.setStanding(account, flag === 'locked' ? { isLocked: value } : { isSuspended: value });
}

/**
 * Makes a user an administrator, or takes it back; nobody takes it from themselves, so that one is left. The sessions that
 * an application service made end, lest it be an administrator by them, and where one may have made them also those of
 * before it was kept who did.
 */
export async function setAdmin(deps: ManageAccountsDeps, by: UserId, account: Account, value: boolean): Promise<void> {
  if (!value && account.userId === by) throw forbidden('Another administrator has to do this');
  if (value && (account.isLocked || account.isSuspended)) {
    throw forbidden('Somebody who is locked or suspended cannot be an administrator');
  }
  await deps.administration.setFlag(account.userId, 'admin', value, by, deps.accounts.now());
  // Who is one already, and asks, asks by a session of their own.
  const isNew = value && account.userId !== by;
  const endsSessions = isNew && (await mayBeOwned(deps.accounts, account)) ? 'or-unknown' : 'of-appservices';
  await deps.accounts.sessions.setStanding(account, { isAdmin: value, ...(isNew ? { endsSessions } : {}) });
}

/** Also one that an application service made that is registered no more: these have no password. */
const mayBeOwned = async ({ isOwned }: AccountsDeps, { userId, passwordHash }: Account): Promise<boolean> =>
  passwordHash === undefined || (await isOwned(userId));

/** Throws `M_INVALID_USERNAME`, `M_USER_IN_USE`, `M_INVALID_PARAM`. */
export async function createManaged(
  deps: ManageAccountsDeps,
  by: UserId,
  wish: { readonly username: string; readonly password: string | undefined; readonly isAdmin: boolean },
): Promise<Account> {
  const { username, password, isAdmin } = wish;
  const account = await createAccount(deps.accounts, { userId: newUserId(deps.accounts, username), password, isAdmin });
  await deps.administration.note('account_created', account.userId, by, deps.accounts.now());
  return account;
}

/** Throws `M_INVALID_PARAM` for a password that cannot be one. */
export async function resetPassword(
  deps: ManageAccountsDeps,
  by: UserId,
  account: Account,
  wish: { readonly password: string; readonly logsOut: boolean },
): Promise<void> {
  const hash = await hashNewPassword(deps.accounts, wish.password);
  await deps.administration.note('account_password_reset', account.userId, by, deps.accounts.now());
  await deps.accounts.accounts.setPassword(account.userId, hash);
  if (wish.logsOut) await deps.accounts.sessions.closeAllBut(account, undefined);
}

/** For ever. Throws `M_FORBIDDEN` for oneself, who has an endpoint that asks for the password. */
export async function deactivateManaged(
  deps: ManageAccountsDeps,
  by: UserId,
  account: Account,
  erase: boolean,
): Promise<void> {
  if (account.userId === by) throw forbidden('Another administrator has to do this');
  await deps.administration.note('account_deactivated', account.userId, by, deps.accounts.now());
  await deactivateAccount(deps.accounts, account, erase);
}
