import { expect, test } from 'vitest';

import { aPeer, federation, forgetPeers } from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, ask, logIn, PASSWORD, type TestUser } from '../../../support/worker/ask.ts';

const v3 = '/_matrix/client/v3';

const identity = ({ userId, deviceId }: Pick<TestUser, 'userId' | 'deviceId'>, ed25519 = 'a key') => ({
  user_id: userId,
  device_id: deviceId,
  algorithms: ['m.olm.v1.curve25519-aes-sha2'],
  keys: { [`ed25519:${deviceId}`]: ed25519 },
  signatures: { [userId]: { [`ed25519:${deviceId}`]: 'a signature' } },
});
const signed = (key: string) => ({ key, signatures: {} });

const upload = ({ token }: TestUser, body: object) => ask('POST', `${v3}/keys/upload`, { token, body });
const query = ({ token }: TestUser, deviceKeys: object) =>
  ask('POST', `${v3}/keys/query`, { token, body: { device_keys: deviceKeys } });
const claim = ({ token }: TestUser, of: TestUser, algorithm = 'signed_curve25519') =>
  ask('POST', `${v3}/keys/claim`, { token, body: { one_time_keys: { [of.userId]: { [of.deviceId]: algorithm } } } });
const claimedOf = ({ body }: Awaited<ReturnType<typeof claim>>, of: TestUser) =>
  (body['one_time_keys'] as Record<string, Record<string, object>>)[of.userId]?.[of.deviceId];

async function keysInSync({ token }: TestUser, since?: string) {
  const { body } = await ask('GET', `${v3}/sync?timeout=1${since === undefined ? '' : `&since=${since}`}`, { token });
  return {
    since: String(body['next_batch']),
    counts: body['device_one_time_keys_count'],
    unused: body['device_unused_fallback_key_types'],
  };
}

test('identity keys are published, with the name of the device, until the device goes', async () => {
  const [alice, bob] = [await aLoggedInUser(), await aLoggedInUser()];
  await ask('PUT', `${v3}/devices/${alice.deviceId}`, { token: alice.token, body: { display_name: 'phone' } });
  const unsigned = { device_display_name: 'made up' };
  expect(await upload(alice, { device_keys: { ...identity(alice), unsigned } })).toMatchObject({
    status: 200,
    body: { one_time_key_counts: {} },
  });
  const published = { ...identity(alice), unsigned: { device_display_name: 'phone' } };
  const answer = await query(bob, { [alice.userId]: [], '@nobody:eyrie.test': [] });
  expect(answer.body).toEqual({
    device_keys: { [alice.userId]: { [alice.deviceId]: published } },
    master_keys: {},
    self_signing_keys: {},
    user_signing_keys: {},
    failures: {},
  });
  expect((await query(bob, { [alice.userId]: ['OTHER'] })).body['device_keys']).toEqual({ [alice.userId]: {} });
  await ask('POST', `${v3}/logout`, { token: alice.token });
  // Libraries leave a user who is missing as they know them.
  expect((await query(bob, { [alice.userId]: [] })).body['device_keys']).toEqual({ [alice.userId]: {} });
});

test('who was deactivated is told without any device, for a client and for another server', async () => {
  const [alice, bob] = [await aLoggedInUser(), await aLoggedInUser()];
  await upload(alice, { device_keys: identity(alice) });
  const auth = { type: 'm.login.password', identifier: { type: 'm.id.user', user: alice.userId }, password: PASSWORD };
  expect(await ask('POST', `${v3}/account/deactivate`, { token: alice.token, body: { auth } })).toMatchObject({
    status: 200,
  });
  const asked = { [alice.userId]: [], '@nobody:eyrie.test': [] };
  expect((await query(bob, asked)).body['device_keys']).toEqual({ [alice.userId]: {} });
  const peer = aPeer();
  const told = await peer.ask('POST', `${federation}/user/keys/query`, { device_keys: asked });
  expect(told.body['device_keys']).toEqual({ [alice.userId]: {} });
  forgetPeers();
});

test('a one-time key is given out once, the oldest first, and then the fallback key', async () => {
  const [alice, bob] = [await aLoggedInUser(), await aLoggedInUser()];
  await upload(alice, { one_time_keys: { 'signed_curve25519:A': signed('first') } });
  const fallback = { ...signed('last'), fallback: true };
  const more = {
    one_time_keys: { 'signed_curve25519:B': signed('second'), 'curve25519:C': 'plain' },
    fallback_keys: { 'signed_curve25519:F': fallback },
  };
  expect((await upload(alice, more)).body['one_time_key_counts']).toEqual({ signed_curve25519: 2, curve25519: 1 });
  expect(await keysInSync(alice)).toMatchObject({
    counts: { signed_curve25519: 2, curve25519: 1 },
    unused: ['signed_curve25519'],
  });
  expect(claimedOf(await claim(bob, alice), alice)).toEqual({ 'signed_curve25519:A': signed('first') });
  // Who lost the answer to an upload sends it again; what was claimed meanwhile does not come back.
  await upload(alice, { one_time_keys: { 'signed_curve25519:A': signed('first') } });
  expect(claimedOf(await claim(bob, alice), alice)).toEqual({ 'signed_curve25519:B': signed('second') });
  expect(claimedOf(await claim(bob, alice), alice)).toEqual({ 'signed_curve25519:F': fallback });
  expect(claimedOf(await claim(bob, alice), alice)).toEqual({ 'signed_curve25519:F': fallback });
  const { since, ...left } = await keysInSync(alice);
  // Libraries take a count that is not there for one that has not changed.
  expect(left).toEqual({ counts: { signed_curve25519: 0, curve25519: 1 }, unused: [] });
  // Also where there is nothing else to tell.
  expect(await keysInSync(alice, since)).toMatchObject(left);
  await upload(alice, { fallback_keys: { 'signed_curve25519:G': { ...signed('new'), fallback: true } } });
  expect(await keysInSync(alice)).toMatchObject({ unused: ['signed_curve25519'] });
});

test('of fifty claims at once each gets another key', async () => {
  const [alice, bob] = [await aLoggedInUser(), await aLoggedInUser()];
  const keys = Array.from({ length: 30 }, (_, at) => [`signed_curve25519:${at}`, signed(`key ${at}`)] as const);
  await upload(alice, { one_time_keys: Object.fromEntries(keys) });
  const answers = await Promise.all(Array.from({ length: 50 }, () => claim(bob, alice)));
  const names = answers.flatMap((answer) => Object.keys(claimedOf(answer, alice) ?? {}));
  expect(names.toSorted()).toEqual(keys.map(([name]) => name).toSorted());
});

test('a second device of a user has keys of its own', async () => {
  const alice = await aLoggedInUser();
  const { body } = await logIn(alice.userId);
  const laptop: TestUser = { ...alice, token: String(body['access_token']), deviceId: String(body['device_id']) };
  await upload(alice, { device_keys: identity(alice), one_time_keys: { 'signed_curve25519:A': signed('phone') } });
  await upload(laptop, { device_keys: identity(laptop), one_time_keys: { 'signed_curve25519:A': signed('laptop') } });
  const answer = await query(alice, { [alice.userId]: [] });
  const devices = (answer.body['device_keys'] as Record<string, object>)[alice.userId];
  expect(Object.keys(devices ?? {}).toSorted()).toEqual([alice.deviceId, laptop.deviceId].toSorted());
  expect(claimedOf(await claim(alice, laptop), laptop)).toEqual({ 'signed_curve25519:A': signed('laptop') });
});

test.each([
  [{ device_keys: { ...identity({ userId: '@other:eyrie.test', deviceId: 'X' }) } }, '400 M_INVALID_PARAM'],
  [{ device_keys: [] }, '400 M_BAD_JSON'],
  [{ one_time_keys: { nocolon: 'x' } }, '400 M_INVALID_PARAM'],
  [{ one_time_keys: { ':x': 'x' } }, '400 M_INVALID_PARAM'],
  [{ one_time_keys: { 'a:b': 1 } }, '400 M_BAD_JSON'],
  [{ one_time_keys: { 'a:b': { key: 'x', n: 1.5 } } }, '400 M_BAD_JSON'],
  [{ one_time_keys: { 'a:b': { key: 'x'.repeat(20_000) } } }, '400 M_INVALID_PARAM'],
  [{ fallback_keys: { 'a:b': 'x', 'a:c': 'y' } }, '400 M_INVALID_PARAM'],
  [
    { one_time_keys: Object.fromEntries(Array.from({ length: 1_001 }, (_, at) => [`a:${at}`, 'x'])) },
    '413 M_TOO_LARGE',
  ],
])('an upload of %o is refused and changes nothing', async (body, expected) => {
  const alice = await aLoggedInUser();
  const answer = await upload(alice, body);
  expect(`${answer.status} ${String(answer.body['errcode'])}`).toBe(expected);
  expect(await keysInSync(alice)).toMatchObject({ counts: {}, unused: [] });
});

test('a name of a one-time key that is taken cannot get another value', async () => {
  const alice = await aLoggedInUser();
  await upload(alice, { one_time_keys: { 'a:b': 'x' } });
  expect(await upload(alice, { one_time_keys: { 'a:b': 'y' } })).toMatchObject({ status: 400 });
  expect(claimedOf(await claim(alice, alice, 'a'), alice)).toEqual({ 'a:b': 'x' });
});

test.each([
  ['query', { device_keys: { nobody: [] } }],
  ['query', { device_keys: { '@a:b': 'x' } }],
  ['query', { device_keys: { '@a:b': [1] } }],
  ['query', {}],
  ['claim', { one_time_keys: { '@a:b': ['x'] } }],
  ['claim', { one_time_keys: { '@a:b': { X: 1 } } }],
  ['claim', {}],
])('a malformed %s gets 400', async (operation, body) => {
  const { token } = await aLoggedInUser();
  expect((await ask('POST', `${v3}/keys/${operation}`, { token, body })).status).toBe(400);
});
