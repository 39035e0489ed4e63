import { expect, test } from 'vitest';

import { signJson } from '../../../../src/matrix/crypto/signed-json.ts';
import { PASSWORD } from '../../../support/worker/ask.ts';
import { aCrossSigningSet, aKeyPair, crossSigningKey } from '../../../support/core/cross-signing.ts';
import { aClient, type Client } from '../../../support/worker/client.ts';
import { aClientElsewhere, anotherDevice, identityOf } from '../../../support/worker/device-keys.ts';

type Keys = Record<string, Record<string, unknown>>;

const upload = (client: Client, body: object) => client.ask('POST', '/keys/device_signing/upload', body);
const sign = async (client: Client, body: object) =>
  (await client.ask('POST', '/keys/signatures/upload', body)).body['failures'];

async function query(client: Client, of: Pick<Client, 'userId'>) {
  const { body } = await client.ask('POST', '/keys/query', { device_keys: { [of.userId]: [] } });
  const key = (field: string) => (body[field] as Keys)[of.userId];
  return {
    devices: (key('device_keys') ?? {}) as Keys,
    master: key('master_keys'),
    selfSigning: key('self_signing_keys'),
    userSigning: key('user_signing_keys'),
  };
}

/** A user with a set of keys and a device whose keys can sign. */
async function aSigner(client: Client) {
  const set = aCrossSigningSet(client);
  expect(await upload(client, set.body)).toMatchObject({ status: 200 });
  const device = aKeyPair();
  const identity = identityOf(client, device.publicKey);
  await client.ask('POST', '/keys/upload', { device_keys: identity });
  const byDevice = { ...device, keyId: `ed25519:${client.deviceId}` };
  return { ...client, client, set, identity, byDevice };
}

test('the first keys need no confirmation, the same ones none again, and other ones the password', async () => {
  const alice = await aClient();
  const { body, master } = aCrossSigningSet(alice);
  expect(await upload(alice, body)).toMatchObject({ status: 200, body: {} });
  expect(await upload(alice, body)).toMatchObject({ status: 200 });
  expect(await upload(alice, { master_key: body.master_key })).toMatchObject({ status: 200 });
  const selfSigning = crossSigningKey(alice.userId, 'self_signing', aKeyPair(), master);
  for (const other of [aCrossSigningSet(alice).body, { self_signing_key: selfSigning }]) {
    const refused = await upload(alice, other);
    expect(refused).toMatchObject({ status: 401, body: { flows: [{ stages: ['m.login.password'] }] } });
    expect(await query(alice, alice)).toMatchObject({ master: body.master_key });
    const auth = {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: alice.userId },
      password: PASSWORD,
      session: refused.body['session'],
    };
    if (other === body) continue;
    expect(await upload(alice, { ...other, auth: { ...auth, password: 'wrong' } })).toMatchObject({ status: 401 });
  }
  const { session } = (await upload(alice, { self_signing_key: selfSigning })).body;
  const auth = { type: 'm.login.password', identifier: { type: 'm.id.user', user: alice.userId }, password: PASSWORD };
  expect(await upload(alice, { self_signing_key: selfSigning, auth: { ...auth, session } })).toMatchObject({
    status: 200,
  });
  expect(await query(alice, alice)).toMatchObject({ master: body.master_key, selfSigning });
});

test('others see the master and the self-signing key, and the user-signing key nobody but its user', async () => {
  const [alice, bob] = [await aClientElsewhere(), await aClient()];
  const { body } = aCrossSigningSet(alice);
  await upload(alice, body);
  const { master_key: master, self_signing_key: selfSigning, user_signing_key: userSigning } = body;
  expect(await query(alice, alice)).toEqual({ devices: {}, master, selfSigning, userSigning });
  expect(await query(bob, alice)).toEqual({ devices: {}, master, selfSigning, userSigning: undefined });
});

test('what is no key of the user, or is not signed by their master key, is refused', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  const { body, master } = aCrossSigningSet(alice);
  const selfSigning = body.self_signing_key;
  expect(await upload(alice, { self_signing_key: selfSigning })).toMatchObject({
    status: 400,
    body: { errcode: 'M_MISSING_PARAM' },
  });
  const forged = crossSigningKey(alice.userId, 'self_signing', aKeyPair(), { ...aKeyPair(), keyId: master.keyId });
  expect(await upload(alice, { ...body, self_signing_key: forged })).toMatchObject({
    status: 400,
    body: { errcode: 'M_INVALID_SIGNATURE' },
  });
  const wrong = [
    crossSigningKey(bob.userId, 'master', aKeyPair()),
    crossSigningKey(alice.userId, 'user_signing', aKeyPair()),
    { ...body.master_key, keys: {} },
    { ...body.master_key, keys: { 'ed25519:one': 'another' } },
    { ...body.master_key, keys: { 'ed25519:short': 'short' } },
  ];
  for (const key of wrong) {
    expect(await upload(alice, { master_key: key })).toMatchObject({
      status: 400,
      body: { errcode: 'M_INVALID_PARAM' },
    });
  }
  expect((await query(bob, alice)).master).toBeUndefined();
});

test('a device cannot have the name of a key, nor a key that of a device', async () => {
  const alice = await aClient();
  const { body, master } = aCrossSigningSet(alice);
  const login = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: alice.userId },
    password: PASSWORD,
    device_id: master.publicKey,
  };
  expect(await alice.ask('POST', '/login', login)).toMatchObject({ status: 200 });
  expect(await upload(alice, body)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  const other = aCrossSigningSet(alice);
  expect(await upload(alice, other.body)).toMatchObject({ status: 200 });
  expect(await alice.ask('POST', '/login', { ...login, device_id: other.master.publicKey })).toMatchObject({
    status: 400,
  });
});

test('a device that the self-signing key signed is shown so to others, also after its keys were uploaded again', async () => {
  const [alice, bob] = [await aSigner(await aClient('alice')), await aClientElsewhere()];
  const roomId = await alice.client.create();
  await bob.join(roomId);
  const { next_batch: since } = await bob.syncUntil(({ rooms }) => rooms?.join?.[roomId] !== undefined);
  const signed = signJson(
    identityOf(alice, alice.identity.keys[`ed25519:${alice.deviceId}`]),
    alice.userId,
    alice.set.selfSigning,
  );
  expect(await sign(alice.client, { [alice.userId]: { [alice.deviceId]: signed } })).toEqual({});
  await bob.syncUntil((body) => body.device_lists?.changed.includes(alice.userId) === true, { since });
  const shown = { [alice.deviceId]: { ...signed, unsigned: {} } };
  expect((await query(bob, alice)).devices).toEqual(shown);
  await alice.client.ask('POST', '/keys/upload', { device_keys: alice.identity });
  expect((await query(bob, alice)).devices).toEqual(shown);
  await alice.client.ask('POST', '/keys/upload', { device_keys: identityOf(alice, 'another') });
  expect((await query(bob, alice)).devices).toEqual({
    [alice.deviceId]: { ...identityOf(alice, 'another'), unsigned: {} },
  });
});

test('a master key that a device signed is shown so, and with another master key all of it ends', async () => {
  const [alice, bob] = [await aSigner(await aClient('alice')), await aClient('bob')];
  const { body, master } = alice.set;
  const signed = signJson(body.master_key, alice.userId, alice.byDevice);
  expect(await sign(alice.client, { [alice.userId]: { [master.publicKey]: signed } })).toEqual({});
  expect((await query(bob, alice)).master).toEqual(signed);
  const next = aCrossSigningSet(alice);
  const { session } = (await upload(alice.client, { master_key: next.body.master_key })).body;
  const auth = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: alice.userId },
    password: PASSWORD,
    session,
  };
  expect(await upload(alice.client, { master_key: next.body.master_key, auth })).toMatchObject({ status: 200 });
  expect(await query(alice.client, alice)).toMatchObject({
    master: next.body.master_key,
    selfSigning: undefined,
    userSigning: undefined,
  });
});

test('a self-signing key that another master key signed anew is shown as that one signed it', async () => {
  const alice = await aClient();
  const { body, selfSigning } = aCrossSigningSet(alice);
  await upload(alice, body);
  const next = aCrossSigningSet(alice);
  const changed = {
    master_key: next.body.master_key,
    self_signing_key: crossSigningKey(alice.userId, 'self_signing', selfSigning, next.master),
  };
  const { session } = (await upload(alice, changed)).body;
  const identifier = { type: 'm.id.user', user: alice.userId };
  const auth = { type: 'm.login.password', identifier, password: PASSWORD, session };
  expect(await upload(alice, { ...changed, auth })).toMatchObject({ status: 200 });
  expect(await query(alice, alice)).toEqual({
    devices: {},
    master: changed.master_key,
    selfSigning: changed.self_signing_key,
    userSigning: undefined,
  });
});

test('whom a user has verified their own devices see and are told, and nobody else', async () => {
  const [alice, bob] = [await aSigner(await aClient('alice')), await aSigner(await aClientElsewhere())];
  const { next_batch: since } = await alice.client.sync();
  const device = await anotherDevice(alice);
  const added = await alice.client.syncUntil((body) => body.device_lists !== undefined, { since });
  const signed = signJson(bob.set.body.master_key, alice.userId, alice.set.userSigning);
  expect(await sign(device, { [bob.userId]: { [bob.set.master.publicKey]: signed } })).toEqual({});
  const told = await alice.client.syncUntil((body) => body.device_lists !== undefined, { since: added.next_batch });
  expect(told.device_lists).toEqual({ changed: [bob.userId], left: [] });
  expect((await query(alice.client, bob)).master).toEqual(signed);
  expect((await query(bob.client, bob)).master).toEqual(bob.set.body.master_key);
  expect((await query(await aClient(), bob)).master).toEqual(bob.set.body.master_key);
});

test('of several signatures each wrong one is told why, and the others are kept', async () => {
  const [alice, bob] = [await aSigner(await aClient('alice')), await aSigner(await aClient('bob'))];
  const { set, userId, deviceId, identity } = alice;
  const failures = await sign(alice.client, {
    [userId]: {
      [deviceId]: signJson(identity, userId, set.selfSigning),
      [set.master.publicKey]: signJson(set.body.master_key, userId, { ...aKeyPair(), keyId: `ed25519:${deviceId}` }),
      UNKNOWN: signJson({ user_id: userId, device_id: 'UNKNOWN' }, userId, set.selfSigning),
    },
    [bob.userId]: {
      [bob.set.master.publicKey]: signJson({ ...bob.set.body.master_key, usage: ['other'] }, userId, set.userSigning),
      [bob.deviceId]: signJson(bob.identity, userId, set.userSigning),
    },
  });
  expect(failures).toMatchObject({
    [userId]: { [set.master.publicKey]: { errcode: 'M_INVALID_SIGNATURE' }, UNKNOWN: { errcode: 'M_NOT_FOUND' } },
    [bob.userId]: {
      [bob.set.master.publicKey]: { errcode: 'M_INVALID_PARAM' },
      [bob.deviceId]: { errcode: 'M_NOT_FOUND' },
    },
  });
  expect(Object.keys((failures as Keys)[userId] ?? {})).toHaveLength(2);
  const { devices } = await query(bob.client, alice);
  expect(devices[deviceId]?.['signatures']).toEqual({
    [userId]: expect.objectContaining({ [set.selfSigning.keyId]: expect.any(String) }),
  });
});
