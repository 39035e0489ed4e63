import type { UserId } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import type { OwnRules } from '../../matrix/push-rules/ruleset.ts';
import { ownRules, type PushRulesStore } from '../push-rules/push-rules.ts';

/** What of a user's account data decides how rooms are read for them. */
export interface ReadSettings {
  readonly ignoredUsers: readonly UserId[];
  /** `undefined`: they changed none. */
  readonly pushRules?: OwnRules;
}

const IGNORED_USERS = 'm.ignored_user_list';

/** Nobody can ignore themselves. Source: Client-Server API, "Ignoring Users", "Push Rules". */
export function readSettings(store: PushRulesStore, userId: UserId): ReadSettings {
  const ignored = store.accountData(userId, '', IGNORED_USERS)?.content['ignored_users'];
  const pushRules = ownRules(store, userId);
  return {
    ignoredUsers: (isJsonObject(ignored) ? Object.keys(ignored) : []).filter((user) => user !== userId) as UserId[],
    ...(pushRules === undefined ? {} : { pushRules }),
  };
}
