import type { UserId } from '../../matrix/ids/brands.ts';
import type { DeviceStore } from './device-store.ts';
import { newUser } from './new-user.ts';

/** What an administrator says of a user; what is left out stays. */
export interface Standing {
  readonly isAdmin?: boolean;
  readonly isLocked?: boolean;
  readonly isSuspended?: boolean;
}

/** Holds for all sessions of the user at once, and for later ones. Source: Client-Server API, "Account moderation". */
export function setStanding(store: DeviceStore, userId: UserId, { isAdmin, isLocked, isSuspended }: Standing): void {
  const user = store.user(userId) ?? newUser(userId);
  store.putUser({
    ...user,
    isAdmin: isAdmin ?? user.isAdmin,
    isLocked: isLocked ?? user.isLocked,
    isSuspended: isSuspended ?? user.isSuspended,
  });
}
