import { IGNORED_USER_LIST, ignoredUsersOf } from '../../matrix/event/ignored-users.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { OwnRules } from '../../matrix/push-rules/ruleset.ts';
import { ownRules, type PushRulesStore } from '../push-rules/push-rules.ts';

/** What of a user's account data decides how rooms are read for them. */
export interface ReadSettings {
  readonly ignoredUsers: readonly UserId[];
  /** `undefined`: they changed none. */
  readonly pushRules?: OwnRules;
}

/** Source: Client-Server API, "Ignoring Users", "Push Rules". */
export function readSettings(store: PushRulesStore, userId: UserId): ReadSettings {
  const pushRules = ownRules(store, userId);
  return {
    ignoredUsers: ignoredUsersOf(store.accountData(userId, '', IGNORED_USER_LIST)?.content, userId),
    ...(pushRules === undefined ? {} : { pushRules }),
  };
}
