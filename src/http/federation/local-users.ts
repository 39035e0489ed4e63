import { invalidParam } from '../../matrix/error.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { ServerName, UserId } from '../../matrix/ids/brands.ts';

/** Only for its own users a server answers: `M_INVALID_PARAM` where one of them is of another. */
export function localUsers<T extends { readonly userId: UserId }>(
  items: readonly T[],
  serverName: ServerName,
): readonly T[] {
  if (items.some(({ userId }) => userIdServer(userId) !== serverName)) {
    throw invalidParam('A user is not one of this server');
  }
  return items;
}
