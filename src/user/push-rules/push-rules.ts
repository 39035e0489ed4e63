import { invalidParam, notFound, tooLarge, unknown } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { changeRules, type PushRuleChange, type RuleFault } from '../../matrix/push-rules/change-rules.ts';
import { NO_OWN_RULES, rulesetOf, type OwnRules, type Ruleset } from '../../matrix/push-rules/ruleset.ts';
import type { AccountDataRow, DeviceStore } from '../devices/device-store.ts';

/** The type of the account data in whose place the user's own rules are stored. */
export const PUSH_RULES = 'm.push_rules';

/** They go to every client of the user, and are kept in one row. */
const MAX_BYTES = 262_144;

export type PushRulesStore = Pick<DeviceStore, 'accountData' | 'accountDataAfter' | 'putAccountData' | 'user'>;

/** What the user has made different from the predefined rules; `undefined`: nothing. */
export const ownRules = (store: PushRulesStore, userId: UserId): OwnRules | undefined =>
  store.accountData(userId, '', PUSH_RULES)?.content as unknown as OwnRules | undefined;

/** All push rules of a user. Source: Client-Server API, "Push Rules". */
export function pushRules(store: PushRulesStore, userId: UserId): Ruleset {
  return rulesetOf(userId, ownRules(store, userId) ?? NO_OWN_RULES);
}

/** Throws `M_NOT_FOUND`, `M_INVALID_PARAM`, `M_UNKNOWN` and `M_TOO_LARGE`. @param seq of the change. */
export function changePushRules(store: PushRulesStore, userId: UserId, change: PushRuleChange, seq: number): void {
  const changed = changeRules(userId, ownRules(store, userId) ?? NO_OWN_RULES, change);
  if (!changed.ok) throw refusal(changed.reason);
  const content = changed.value as unknown as JsonObject;
  if (Buffer.byteLength(JSON.stringify(content)) > MAX_BYTES) throw tooLarge('There is no room for more push rules');
  store.putAccountData(userId, { roomId: '', type: PUSH_RULES, content, seq });
}

/**
 * Account data as clients see it, push rules among it: those of a user who changed none are told in the first sync.
 * Source: Client-Server API, "Push Rules: Events".
 */
export function accountDataAfter(store: PushRulesStore, userId: UserId, seq: number): readonly AccountDataRow[] {
  const rows = store.accountDataAfter(userId, seq);
  const isTold = rows.some(isRules);
  const shown = rows.map((row) => (isRules(row) ? { ...row, content: eventContent(store, userId) } : row));
  if (isTold || seq > 0 || store.user(userId) === undefined) return shown;
  return [{ roomId: '', type: PUSH_RULES, content: eventContent(store, userId), seq: 0 }, ...shown];
}

/** The content of an `m.push_rules` event. */
export const eventContent = (store: PushRulesStore, userId: UserId): JsonObject =>
  ({ global: pushRules(store, userId) }) as unknown as JsonObject;

const isRules = ({ roomId, type }: AccountDataRow): boolean => roomId === '' && type === PUSH_RULES;

function refusal(fault: RuleFault): Error {
  switch (fault.kind) {
    case 'no-such-rule':
      return notFound('The push rule was not found');
    case 'no-neighbour':
      return unknown(`before/after rule not found: ${fault.ruleId}`);
    case 'predefined':
      return invalidParam('Rules whose ID begins with a dot are the server’s own');
  }
}
