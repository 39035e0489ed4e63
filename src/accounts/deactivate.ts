import type { Account, AccountsDeps } from './ports.ts';

/**
 * Deactivates an account for ever. May be repeated: what failed half way is done by the next call, which the user can
 * still confirm, since the password goes last. Source: Client-Server API, "Account deactivation".
 */
export async function deactivateAccount(deps: AccountsDeps, account: Account): Promise<void> {
  // First, so that no login begins that the shard would not end.
  await deps.accounts.deactivate(account.userId);
  await deps.sessions.deactivate(account);
  await deps.accounts.removePassword(account.userId);
}
