import type { UserId } from '../ids/brands.ts';
import { parseUserId } from '../ids/user-id.ts';
import { isJsonObject, type JsonObject } from '../json/json-value.ts';

/** The type of the account data that holds a user's ignore list. */
export const IGNORED_USER_LIST = 'm.ignored_user_list';

/** Users that one user can ignore: each read of events carries them. */
const MAX_IGNORED = 1_000;

/**
 * Whom a user ignores; nobody ignores themselves.
 * @param content of their `m.ignored_user_list`; what is no user ID in it is passed over.
 * Source: Client-Server API, "Ignoring Users".
 */
export function ignoredUsersOf(content: JsonObject | undefined, userId: UserId): readonly UserId[] {
  const list = content?.['ignored_users'];
  if (!isJsonObject(list)) return [];
  return Object.keys(list)
    .slice(0, MAX_IGNORED)
    .filter((key): key is UserId => key !== userId && parseUserId(key).ok);
}
