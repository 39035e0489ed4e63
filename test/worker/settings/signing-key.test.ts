import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import { settingsRepository } from '../../../src/storage/d1/settings-repository.ts';
import { createServerKeys, storedKeys, type StoredSigningKey } from '../../../src/settings/signing-key.ts';
import { planRotation } from '../../../src/settings/rotate-key.ts';

const secret = 'a secret of at least thirty-two characters';

/** A server's keys, with a clock and a database that can be away. */
function aServerWithKeys() {
  const state = { now: 1_000, revision: 1, isAway: false };
  let rows: readonly StoredSigningKey[] = [];
  const store = {
    all: async () => rows,
    insertActive: async (key: StoredSigningKey) => {
      if (rows.length === 0) rows = [key];
    },
  };
  const revision = async () => {
    if (state.isAway) throw new Error('the database is away');
    return state.revision;
  };
  const isolate = (requireName = async () => {}) =>
    createServerKeys(store, secret, { revision, requireName, now: () => state.now });
  const rotate = async () => {
    const planned = await planRotation({ 'signing.version': 'next' }, await storedKeys(store, secret, state.now), {
      secret,
      now: state.now,
    });
    if (!planned.ok || planned.value === undefined) throw new Error('no rotation');
    const { next, retired } = planned.value;
    rows = [...rows.map((row) => ({ ...row, isActive: false, expiredTs: retired.expiredTs })), next];
    state.revision += 1;
  };
  return { state, isolate, rotate };
}

test('isolates that read at different times sign with the same key at the same time', async () => {
  const { state, isolate, rotate } = aServerWithKeys();
  const [early, late] = [isolate(), isolate()];
  const first = (await early.active()).keyId;
  await rotate();
  expect([(await early.active()).keyId, (await late.active()).keyId]).toEqual([first, first]);
  state.now += 10_000;
  expect([(await early.active()).keyId, (await late.active()).keyId]).toEqual(['ed25519:next', 'ed25519:next']);
});

test('every key that signs is published before, by those that know of it', async () => {
  const { state, isolate, rotate } = aServerWithKeys();
  const keys = isolate();
  const first = (await keys.active()).keyId;
  await rotate();
  const told = async () => {
    const { current, old } = await keys.published();
    return { current: current.map(({ keyId }) => keyId), old: old.map(({ keyId }) => keyId) };
  };
  expect(await told()).toEqual({ current: [first, 'ed25519:next'], old: [] });
  state.now += 10_000;
  expect(await told()).toEqual({ current: ['ed25519:next', first], old: [] });
  state.now += 10_000;
  expect(await told()).toEqual({ current: ['ed25519:next'], old: [first] });
});

test('with the database away the known keys go on, and without one nothing is signed', async () => {
  const { state, isolate } = aServerWithKeys();
  const keys = isolate();
  const { keyId } = await keys.active();
  state.isAway = true;
  expect((await keys.active()).keyId).toBe(keyId);
  await expect(isolate().active()).rejects.toThrow('away');
});

test('the database remembers the server name, and with another one nothing is signed', async () => {
  const store = settingsRepository((env as unknown as { DB: D1Database }).DB);
  const name = await store.claimName('first.test' as ServerName);
  expect(await store.claimName('second.test' as ServerName)).toBe(name);
  const { isolate } = aServerWithKeys();
  const requireName = async () => {
    throw new Error(`the database is of ${name}`);
  };
  await expect(isolate(requireName).active()).rejects.toThrow(name);
});
