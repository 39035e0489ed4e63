import type { ListedAccount } from '../../../accounts/manage-accounts.ts';

/** An account as the admin API shows it. */
export const userAnswer = (account: ListedAccount) => ({
  user_id: account.userId,
  admin: account.isAdmin,
  deactivated: account.isDeactivated,
  locked: account.isLocked,
  suspended: account.isSuspended,
  has_password: account.hasPassword,
  created_ts: account.createdTs,
  ...(account.policies === undefined ? {} : { policies: account.policies }),
});
