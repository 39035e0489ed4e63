import type { Account, AccountsDeps } from './ports.ts';

/**
 * Deactivates an account for ever; the user leaves all rooms. May be repeated: what failed half way is done by the next call, which the user can
 * still confirm, since the password goes last. Source: Client-Server API, "Account deactivation".
 * @param erase whether what the user said is shown redacted to whoever comes later.
 */
export async function deactivateAccount(deps: AccountsDeps, account: Account, erase: boolean): Promise<void> {
  // First, so that no login begins that the shard would not end.
  await deps.accounts.deactivate(account.userId);
  await deps.sessions.deactivate(account, erase);
  await deps.accounts.removePassword(account.userId);
}
