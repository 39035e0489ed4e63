import { IGNORED_USER_LIST, ignoredUsersOf } from '../../matrix/event/ignored-users.ts';
import { blocksInvites, INVITE_PERMISSION } from '../../matrix/event/invite-permission.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { OwnRules } from '../../matrix/push-rules/ruleset.ts';
import { ownRules, type PushRulesStore } from '../push-rules/push-rules.ts';

/** What of a user's account data decides how rooms are read for them. */
export interface ReadSettings {
  readonly ignoredUsers: readonly UserId[];
  /** Invitations that came before the user wanted none are not shown. */
  readonly blocksInvites?: boolean;
  /** `undefined`: they changed none. */
  readonly pushRules?: OwnRules;
}

/** Source: Client-Server API, "Ignoring Users", "Invite permission", "Push Rules". */
export function readSettings(store: PushRulesStore, userId: UserId): ReadSettings {
  const pushRules = ownRules(store, userId);
  return {
    ignoredUsers: ignoredUsersOf(store.accountData(userId, '', IGNORED_USER_LIST)?.content, userId),
    ...(blocksInvites(store.accountData(userId, '', INVITE_PERMISSION)?.content) ? { blocksInvites: true } : {}),
    ...(pushRules === undefined ? {} : { pushRules }),
  };
}
