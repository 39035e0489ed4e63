import type { ManageAccountsDeps } from '../../../accounts/manage-accounts.ts';
import type { UserId } from '../../../matrix/ids/brands.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import type { TokenCache } from '../../middleware/require-user.ts';

/** What the administrator's endpoints about users need. */
export interface AdminUserDeps extends ManageAccountsDeps {
  readonly requireAdmin: RequireAdmin;
  readonly tokenCache: TokenCache;
  /** Before the user is in any room. */
  readonly setDisplayname: (
    user: { readonly userId: UserId; readonly shard: string },
    displayname: string,
  ) => Promise<void>;
}
