// POST /_eyrie/admin/v1/allow_list/test
import { Hono } from 'hono';
import * as v from 'valibot';

import { allowListEntryOf } from '../../federation/policy.ts';
import { eyrieInvalidSetting } from '../../matrix/error.ts';
import { parseServerName } from '../../matrix/ids/server-name.ts';
import { checkSettings } from '../../settings/check-settings.ts';
import type { Settings } from '../../settings/settings.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { RequireAdmin } from '../middleware/require-admin.ts';

const KEY = 'federation.allow_list';
const Body = v.object({
  servers: v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.minLength(1), v.maxLength(100)),
  allow_list: v.optional(v.unknown()),
});

/**
 * Whether servers are in the allow list that is in force, or in one that is given and checked as the setting would be;
 * and by which entry. An empty list allows all. Whether federation is switched on is not asked.
 */
export const testAllowList = (requireAdmin: RequireAdmin, settings: Pick<Settings, 'snapshot'>) =>
  new Hono().post('/_eyrie/admin/v1/allow_list/test', ...requireAdmin, jsonBody(Body), async (c) => {
    const { servers, allow_list: given } = c.req.valid('json');
    const list = given === undefined ? (await settings.snapshot()).values[KEY] : checkedList(given);
    return c.json(Object.fromEntries(servers.map((server) => [server, verdict(list, server)])));
  });

function checkedList(given: unknown): readonly string[] {
  const checked = checkSettings({ [KEY]: given });
  if (!checked.ok) throw eyrieInvalidSetting('The allow list is not valid', { errors: checked.reason });
  return checked.value[KEY] ?? [];
}

function verdict(list: readonly string[], text: string) {
  const server = parseServerName(text);
  if (!server.ok) return { allowed: false, matched_by: null, reason: `This is ${server.reason}.` };
  if (list.length === 0) return { allowed: true, matched_by: null, reason: 'The list is empty, which allows all.' };
  const entry = allowListEntryOf(list, server.value);
  if (entry === undefined) return { allowed: false, matched_by: null, reason: 'No entry is this server.' };
  const reason = entry.startsWith('*.') ? `It is a sub-domain of ${entry.slice(2)}.` : 'An entry is this server.';
  return { allowed: true, matched_by: entry, reason };
}
