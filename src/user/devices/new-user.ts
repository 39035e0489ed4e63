import type { UserId } from '../../matrix/ids/brands.ts';
import type { ShardUser } from './device-store.ts';

/** A user of whom the shard knows nothing yet. */
export function newUser(userId: UserId, { isAdmin = false, isGuest = false } = {}): ShardUser {
  return { userId, profile: {}, isAdmin, isDeactivated: false, isLocked: false, isSuspended: false, isGuest };
}
