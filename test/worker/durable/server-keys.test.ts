import { env } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';

import { readConfig, type Env } from '../../../src/config.ts';
import { serverKeysOf } from '../../../src/durable/server-keys.ts';
import { settingsOf } from '../../../src/durable/settings.ts';
import type { UserId } from '../../../src/matrix/ids/brands.ts';

const bindings = env as unknown as Env;
const config = readConfig(bindings);

afterEach(() => {
  vi.useRealTimers();
});

/** The database of the tests, which can be away: it fails at once then, and counts how often it was asked. */
function aDatabase() {
  const state = { isAway: false, askedInVain: 0, written: 0 };
  const database = {
    prepare: (query: string) => {
      if (/^insert into "settings"/i.test(query)) state.written += 1;
      if (!state.isAway) return bindings.DB.prepare(query);
      state.askedInVain += 1;
      throw new Error('the database is away');
    },
    batch: (statements: D1PreparedStatement[]) => bindings.DB.batch(statements),
  } as unknown as D1Database;
  return { state, database };
}

test('while the database fails, the key that is known signs, and not every signature asks the database', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { state, database } = aDatabase();
  const keys = serverKeysOf({ ...bindings, DB: database }, config);
  const { keyId } = await keys.active();
  state.isAway = true;
  vi.setSystemTime(Date.now() + 60_000);
  const signedWith = [await keys.active(), await keys.active(), await keys.active()];
  expect(signedWith.map((key) => key.keyId)).toEqual([keyId, keyId, keyId]);
  expect(state.askedInVain).toBe(1);
  vi.setSystemTime(Date.now() + 5_000);
  state.isAway = false;
  expect((await keys.active()).keyId).toBe(keyId);
  state.isAway = true;
  expect((await keys.active()).keyId).toBe(keyId);
  expect(state.askedInVain).toBe(1);
});

test('the server name is claimed once, not anew with each change of the settings', async () => {
  const { state, database } = aDatabase();
  const own = { ...bindings, DB: database };
  const keys = serverKeysOf(own, config);
  await keys.active();
  expect(state.written).toBe(1);
  for (const value of [11, 12]) {
    const by = '@admin:eyrie.test' as UserId;
    const change = { by, settings: { 'media.user_quota_bytes': value }, ifRevision: undefined, dryRun: false };
    await settingsOf(own, config).change(change);
    await keys.active();
  }
  expect(state.written).toBe(1);
});
