import { expect, test } from 'vitest';

import { aClient, type Client } from '../../../support/worker/client.ts';

const ALGORITHM = 'm.megolm_backup.v1.curve25519-aes-sha2';
const ROOM = '!room:eyrie.test';

const keyOf = (data: string, meta: object = {}) => ({
  first_message_index: 3,
  forwarded_count: 2,
  is_verified: false,
  session_data: { ciphertext: data },
  ...meta,
});

async function aBackup(client: Client, publicKey = 'abc'): Promise<string> {
  const { status, body } = await client.ask('POST', '/room_keys/version', {
    algorithm: ALGORITHM,
    auth_data: { public_key: publicKey, signatures: {} },
  });
  expect({ status, body }).toMatchObject({ status: 200, body: { version: expect.any(String) } });
  return String(body['version']);
}

/** What lies behind `/room_keys/keys`, in a backup. */
const keys = (client: Client, version: string) => {
  const path = (place: readonly string[]) =>
    `/room_keys/${['keys', ...place.map(encodeURIComponent)].join('/')}?version=${version}`;
  return {
    put: (body: object, ...place: string[]) => client.ask('PUT', path(place), body),
    get: (...place: string[]) => client.ask('GET', path(place)),
    remove: (...place: string[]) => client.ask('DELETE', path(place)),
  };
};

test('a backup has a version, keeps what it was given, and is replaced by the next one', async () => {
  const alice = await aClient();
  expect(await alice.ask('GET', '/room_keys/version')).toMatchObject({
    status: 404,
    body: { errcode: 'M_NOT_FOUND' },
  });
  const first = await aBackup(alice);
  const shown = { algorithm: ALGORITHM, auth_data: { public_key: 'abc', signatures: {} }, count: 0, etag: '0' };
  expect((await alice.ask('GET', '/room_keys/version')).body).toEqual({ ...shown, version: first });
  const second = await aBackup(alice, 'def');
  expect((await alice.ask('GET', '/room_keys/version')).body).toMatchObject({ version: second });
  expect((await alice.ask('GET', `/room_keys/version/${first}`)).body).toEqual({ ...shown, version: first });
  for (const unknown of ['77', 'x', '0']) {
    expect(await alice.ask('GET', `/room_keys/version/${unknown}`)).toMatchObject({ status: 404 });
  }
  await alice.ask('DELETE', `/room_keys/version/${second}`);
  expect((await alice.ask('GET', '/room_keys/version')).body).toMatchObject({ version: first });
  // To delete it once more is no error, and its version is not given again.
  expect(await alice.ask('DELETE', `/room_keys/version/${second}`)).toMatchObject({ status: 200 });
  expect(await alice.ask('DELETE', '/room_keys/version/77')).toMatchObject({ status: 404 });
  expect(await aBackup(alice)).not.toBe(second);
});

test('of a backup its signatures can be changed, and not its algorithm', async () => {
  const alice = await aClient();
  const version = await aBackup(alice);
  const change = (body: object, at = version) => alice.ask('PUT', `/room_keys/version/${at}`, body);
  const signed = { algorithm: ALGORITHM, auth_data: { public_key: 'abc', signatures: { a: { b: 'c' } } } };
  expect(await change({ ...signed, version })).toMatchObject({ status: 200, body: {} });
  expect((await alice.ask('GET', '/room_keys/version')).body).toMatchObject(signed);
  for (const wrong of [
    { ...signed, algorithm: 'other' },
    { ...signed, version: '99' },
  ]) {
    expect(await change(wrong)).toMatchObject({ status: 400, body: { errcode: 'M_INVALID_PARAM' } });
  }
  expect(await change(signed, '99')).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
  expect(await change({ algorithm: ALGORITHM })).toMatchObject({ status: 400 });
});

test('keys are kept and read one by one, by room and all together, and each change of them has another etag', async () => {
  const alice = await aClient();
  const version = await aBackup(alice);
  const backup = keys(alice, version);
  expect((await backup.get()).body).toEqual({ rooms: {} });
  expect((await backup.get(ROOM)).body).toEqual({ sessions: {} });
  expect(await backup.get(ROOM, 'none')).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
  const one = await backup.put(keyOf('one'), ROOM, 'a/session+1');
  expect(one).toMatchObject({ status: 200, body: { count: 1, etag: expect.any(String) } });
  const two = await backup.put({ sessions: { b: keyOf('two'), c: keyOf('three') } }, ROOM);
  expect(two.body).toMatchObject({ count: 3 });
  expect(two.body['etag']).not.toBe(one.body['etag']);
  const all = await backup.put({ rooms: { '!other:x': { sessions: { b: keyOf('four') } }, [ROOM]: { sessions: {} } } });
  expect(all.body).toMatchObject({ count: 4 });
  expect((await backup.get(ROOM, 'a/session+1')).body).toEqual(keyOf('one'));
  const sessions = { 'a/session+1': keyOf('one'), b: keyOf('two'), c: keyOf('three') };
  expect((await backup.get(ROOM)).body).toEqual({ sessions });
  const rooms = { '!other:x': { sessions: { b: keyOf('four') } }, [ROOM]: { sessions } };
  expect((await backup.get()).body).toEqual({ rooms });
  expect((await alice.ask('GET', '/room_keys/version')).body).toMatchObject(all.body);
  expect((await backup.remove(ROOM, 'b')).body).toMatchObject({ count: 3 });
  expect((await backup.remove(ROOM)).body).toMatchObject({ count: 1 });
  expect((await backup.get()).body).toEqual({ rooms: { '!other:x': rooms['!other:x'] } });
  const empty = await backup.remove();
  expect(empty.body).toMatchObject({ count: 0 });
  // Nothing was there any more.
  expect((await backup.remove()).body).toEqual(empty.body);
});

test.each([
  ['a verified one', { is_verified: true, first_message_index: 9, forwarded_count: 9 }, true],
  ['one that begins earlier', { first_message_index: 2, forwarded_count: 9 }, true],
  ['one that was forwarded less often', { forwarded_count: 1 }, true],
  ['one that begins later', { first_message_index: 4, forwarded_count: 0 }, false],
  ['one that was forwarded more often', { forwarded_count: 3 }, false],
  ['one that says the same of itself', {}, false],
])('%s takes the place of the key that is there: %s', async (_, meta, isTaken) => {
  const alice = await aClient();
  const backup = keys(alice, await aBackup(alice));
  const before = await backup.put(keyOf('held'), ROOM, 's');
  const after = await backup.put(keyOf('given', meta), ROOM, 's');
  expect((await backup.get(ROOM, 's')).body).toMatchObject({
    session_data: { ciphertext: isTaken ? 'given' : 'held' },
  });
  expect(after.body['etag'] === before.body['etag']).toBe(!isTaken);
  expect(after.body['count']).toBe(1);
});

test('a key that is not verified does not take the place of one that is', async () => {
  const alice = await aClient();
  const backup = keys(alice, await aBackup(alice));
  await backup.put(keyOf('held', { is_verified: true }), ROOM, 's');
  await backup.put(keyOf('given', { first_message_index: 0 }), ROOM, 's');
  expect((await backup.get(ROOM, 's')).body).toMatchObject({ session_data: { ciphertext: 'held' } });
});

test('only the current backup is written to, and who writes to another is told which that is', async () => {
  const alice = await aClient();
  expect(await keys(alice, '1').put(keyOf('x'), ROOM, 's')).toMatchObject({ status: 404 });
  const first = await aBackup(alice);
  await keys(alice, first).put(keyOf('old'), ROOM, 's');
  const second = await aBackup(alice);
  for (const version of [first, '99']) {
    expect(await keys(alice, version).put(keyOf('x'), ROOM, 's')).toMatchObject({
      status: 403,
      body: { errcode: 'M_WRONG_ROOM_KEYS_VERSION', current_version: second },
    });
  }
  expect((await keys(alice, first).get(ROOM, 's')).body).toEqual(keyOf('old'));
  expect((await keys(alice, second).get()).body).toEqual({ rooms: {} });
  expect(await keys(alice, '99').get()).toMatchObject({ status: 404 });
  expect(await alice.ask('GET', '/room_keys/keys')).toMatchObject({
    status: 400,
    body: { errcode: 'M_MISSING_PARAM' },
  });
});

test.each([
  ['a fraction', keyOf('x', { first_message_index: 0.5 })],
  ['less than nothing', keyOf('x', { forwarded_count: -1 })],
  ['no truth value', keyOf('x', { is_verified: 'true' })],
  ['no data', { ...keyOf('x'), session_data: undefined }],
  ['too much data', keyOf('x'.repeat(70_000))],
])('a key with %s is refused, and with it the others', async (_, key) => {
  const alice = await aClient();
  const backup = keys(alice, await aBackup(alice));
  const { status } = await backup.put({ sessions: { good: keyOf('good'), bad: key } }, ROOM);
  expect([400, 413]).toContain(status);
  expect((await backup.get()).body).toEqual({ rooms: {} });
});

test('a large backup is read whole, and nobody else reads it', async () => {
  const [alice, eve] = [await aClient(), await aClient()];
  const version = await aBackup(alice);
  await aBackup(eve);
  const sessions = Object.fromEntries(Array.from({ length: 450 }, (_, at) => [`s${at}`, keyOf(`data ${at}`)]));
  const rooms = Object.fromEntries([ROOM, '!two:x'].map((roomId) => [roomId, { sessions }]));
  expect((await keys(alice, version).put({ rooms })).body).toMatchObject({ count: 900 });
  expect((await keys(alice, version).get()).body).toEqual({ rooms });
  expect((await keys(alice, version).get(ROOM)).body).toEqual({ sessions });
  expect((await keys(eve, version).get()).body).toEqual({ rooms: {} });
});
