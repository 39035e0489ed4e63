import { expect, test, vi } from 'vitest';

import type { ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import type { StoredSettings } from '../../../src/settings/read-stored.ts';
import { createSettings, type ServerIdentity, type SettingsStore } from '../../../src/settings/settings.ts';

const by = '@root:eyrie.test' as UserId;

const identity: ServerIdentity = {
  serverName: 'eyrie.test' as ServerName,
  secret: 'a secret of at least thirty-two characters',
  keys: async () => [],
};

function aStore(rows: Readonly<Record<string, string>> = {}) {
  let stored: StoredSettings | Error = {
    revision: 3,
    rows: Object.entries(rows).map(([key, json]) => ({ key, json, updatedTs: 1 })),
  };
  let reads = 0;
  const store: SettingsStore = {
    read: async () => {
      reads += 1;
      if (stored instanceof Error) throw stored;
      return stored;
    },
    claimName: async (name) => name,
    write: async ({ revision, rows: changed, now }) => {
      if (stored instanceof Error || stored.revision !== revision) return false;
      stored = { revision: revision + 1, rows: changed.map((row) => ({ ...row, updatedTs: now })) };
      return true;
    },
  };
  const fail = () => {
    stored = new Error('the database is away');
  };
  return { store, reads: () => reads, fail };
}

function settingsAt(rows?: Readonly<Record<string, string>>, fixed: Parameters<typeof createSettings>[1] = {}) {
  const clock = { now: 1_000 };
  const backing = aStore(rows);
  return { ...backing, clock, settings: createSettings(backing.store, fixed, identity, () => clock.now) };
}

test('a snapshot is kept for five seconds', async () => {
  const { settings, reads, clock } = settingsAt();
  await settings.snapshot();
  clock.now += 4_999;
  await settings.snapshot();
  expect(reads()).toBe(1);
  clock.now += 1;
  await settings.snapshot();
  expect(reads()).toBe(2);
});

test('a change is in force at once where it was made', async () => {
  const { settings } = settingsAt();
  expect((await settings.snapshot()).values['edu.receipts']).toBe(true);
  await settings.change({ by, settings: { 'edu.receipts': false }, ifRevision: undefined, dryRun: false });
  expect(await settings.snapshot()).toMatchObject({ revision: 4, values: { 'edu.receipts': false } });
});

test.each([
  ['without a key that can be used', 'key-missing', {}],
  ['under another name than that of the database', 'domain-missing', { claimName: async () => 'first.test' }],
])('%s federation is not switched on', async (_how, code, changes) => {
  const { store } = aStore({ 'federation.enabled': 'false' });
  const settings = createSettings({ ...store, ...changes }, {}, identity, () => 1_000);
  const change = { by, settings: { 'federation.enabled': true }, ifRevision: undefined, dryRun: false };
  await expect(settings.change(change)).rejects.toMatchObject({
    errcode: 'EYRIE_INVALID_SETTING',
    extra: { errors: [{ key: 'federation.enabled', code, message: expect.any(String) }] },
  });
  expect((await settings.snapshot()).values['federation.enabled']).toBe(false);
});

test('while the store is away the last snapshot stays, and without one nothing is guessed', async () => {
  const { settings, fail, clock } = settingsAt({ 'federation.enabled': 'false' });
  await settings.snapshot();
  fail();
  clock.now += 60_000;
  expect((await settings.snapshot()).values['federation.enabled']).toBe(false);
  const fresh = settingsAt();
  fresh.fail();
  await expect(fresh.settings.snapshot()).rejects.toThrow('away');
});

test('a damaged setting of federation turns federation off; another one is its default', async () => {
  const damaged = settingsAt({ 'federation.allow_list': '{', 'edu.typing': '"maybe"' });
  const { values } = await damaged.settings.snapshot();
  expect(values['federation.enabled']).toBe(false);
  expect(values['edu.typing']).toBe(true);
  const unknown = settingsAt({ 'media.old_key': '1', 'federation.enabled': 'true' });
  expect((await unknown.settings.snapshot()).values['federation.enabled']).toBe(true);
});

test.each([
  ['as it was saved', {}, { 'registration.mode': 'open' }],
  ['from the start of the server', { 'registration.mode': 'open' } as const, {}],
])(
  'while it cannot be read which documents have to be accepted, nobody registers: the mode %s',
  async (_, fixed, mode) => {
    const damaged = settingsAt({ 'registration.mode': '"open"', 'registration.policies': '{"terms"' }, fixed);
    expect((await damaged.settings.snapshot()).values['registration.mode']).toBe('closed');
    await damaged.settings.change({
      by,
      settings: { ...mode, 'registration.policies': {} },
      ifRevision: undefined,
      dryRun: false,
    });
    damaged.clock.now += 5_000;
    expect((await damaged.settings.snapshot()).values['registration.mode']).toBe('open');
  },
);

test('a setting that cannot be read is logged once, and one of federation not while that is off', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const error = vi.spyOn(console, 'error').mockImplementation(() => {});
  const told = () =>
    [...log.mock.calls, ...error.mock.calls].filter(([line]) => String(line).includes('setting_damaged'));
  const damaged = settingsAt({ 'edu.typing': '"maybe"' });
  await damaged.settings.snapshot();
  damaged.clock.now += 60_000;
  await damaged.settings.snapshot();
  expect(told()).toHaveLength(1);
  const off = settingsAt({ 'federation.enabled': 'false', 'federation.allow_list': '{' });
  await off.settings.snapshot();
  expect(told()).toHaveLength(1);
  vi.restoreAllMocks();
});

test('a snapshot is plain data', async () => {
  const { settings } = settingsAt();
  const snapshot = await settings.snapshot();
  expect(structuredClone(snapshot)).toEqual(snapshot);
});

test('who hears of a newer revision reads before it acts, and acts on nothing older where it cannot', async () => {
  const { settings: writer, store, clock, fail } = settingsAt();
  const reader = createSettings(store, {}, identity, () => clock.now);
  await reader.snapshot();
  await writer.change({ by, settings: { 'federation.enabled': false }, ifRevision: undefined, dryRun: false });
  expect((await reader.snapshot()).values['federation.enabled']).toBe(true);
  expect(reader.hear(writer.revision())).toBe(true);
  expect(reader.revision()).toBe(4);
  expect((await reader.snapshot()).values['federation.enabled']).toBe(false);
  expect(reader.hear(3)).toBe(false);
  reader.hear(5);
  fail();
  await expect(reader.snapshot()).rejects.toThrow('away');
});

test('a reading that was under way while a setting changed does not bring the old value back', async () => {
  const { store } = settingsAt();
  let release = () => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isFirst = true;
  const settings = createSettings(
    {
      ...store,
      read: async () => {
        const stored = await store.read();
        if (isFirst) {
          isFirst = false;
          await slow;
        }
        return stored;
      },
    },
    {},
    identity,
    () => 1_000,
  );
  const early = settings.snapshot();
  await settings.change({ by, settings: { 'edu.typing': false }, ifRevision: undefined, dryRun: false });
  release();
  expect((await early).values['edu.typing']).toBe(false);
  expect((await settings.snapshot()).values['edu.typing']).toBe(false);
});

const key = { keyId: 'ed25519:a', wrappedSeed: 'wrapped', publicKey: 'a', createdTs: 0, signsFromTs: 0 };

test('a rotation of the key that was saved is answered, and is in force, though the database fails then', async () => {
  const { store, fail, clock } = settingsAt();
  const write: SettingsStore['write'] = async (change) => {
    const isSaved = await store.write(change);
    fail();
    return isSaved;
  };
  const keys = async () => {
    await store.read();
    return [{ ...key, expiredTs: undefined, isActive: true }];
  };
  const settings = createSettings({ ...store, write }, {}, { ...identity, keys }, () => clock.now);
  const change = { 'signing.version': 'next', 'edu.typing': false };
  expect(await settings.change({ by, settings: change, ifRevision: undefined, dryRun: false })).toMatchObject({
    revision: 4,
    signing: { step: 'published', key_id: 'ed25519:next', previous: { key_id: 'ed25519:a' } },
  });
  expect((await settings.snapshot()).values['edu.typing']).toBe(false);
});

test('a rotation of the key is refused if another one came between the reading of the keys and its writing', async () => {
  const { store } = aStore();
  const clock = { now: 1_000 };
  const beaten: ServerIdentity = {
    ...identity,
    keys: async () => {
      await store.write({ revision: 3, rows: [], by, detail: '', now: clock.now });
      return [{ ...key, expiredTs: undefined, isActive: true }];
    },
  };
  const settings = createSettings(store, {}, beaten, () => clock.now);
  const change = { by, settings: { 'signing.version': 'next' }, ifRevision: undefined, dryRun: false };
  await expect(settings.change(change)).rejects.toMatchObject({ errcode: 'EYRIE_CONFLICT' });
});
