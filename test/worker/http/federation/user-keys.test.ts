import { env, exports } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';

import { readConfig, type Env } from '../../../../src/config.ts';
import { buildXMatrix } from '../../../../src/matrix/crypto/x-matrix.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../support/worker/ask.ts';

const { serverName } = readConfig(env as unknown as Env);
const worker = exports as unknown as { default: Fetcher };
const peer = aServer('keys.peer.example:443');

afterEach(() => vi.restoreAllMocks());

/** The peer, which answers these requests of ours, by path. */
function thePeer(answers: Readonly<Record<string, (body: JsonObject) => unknown>> = {}): void {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const { host, pathname } = new URL(input as string);
    if (!host.startsWith('keys.peer.example')) throw new Error('connection refused');
    if (pathname === '/_matrix/key/v2/server') return Response.json(aKeyAnswer(peer));
    const answer = answers[pathname];
    if (answer === undefined) return Response.json({ errcode: 'M_UNRECOGNIZED' }, { status: 404 });
    return Response.json(answer(JSON.parse(init?.body as string) as JsonObject));
  });
}

async function asPeer(method: string, uri: string, content?: JsonObject) {
  const header = buildXMatrix({ method, uri, origin: peer.name, destination: serverName, content }, peer.signingKey);
  const response = await worker.default.fetch(`https://us.test${uri}`, {
    method,
    headers: { authorization: header },
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
  });
  return { status: response.status, body: await response.json<Record<string, unknown>>() };
}

const FEDERATION = '/_matrix/federation/v1/user';
const identity = ({ userId, deviceId }: { userId: string; deviceId: string }) => ({
  user_id: userId,
  device_id: deviceId,
  algorithms: [],
  keys: { [`ed25519:${deviceId}`]: 'key' },
  signatures: {},
});

async function aUserWithKeys(): Promise<TestUser> {
  const user = await aLoggedInUser();
  await ask('PUT', `/_matrix/client/v3/devices/${user.deviceId}`, {
    token: user.token,
    body: { display_name: 'my secret hide-out' },
  });
  await ask('POST', '/_matrix/client/v3/keys/upload', {
    token: user.token,
    body: { device_keys: identity(user), one_time_keys: { 'signed_curve25519:A': { key: 'k', signatures: {} } } },
  });
  return user;
}

test('another server sees the devices of a user and claims their keys, but not how the user calls them', async () => {
  thePeer();
  const alice = await aUserWithKeys();
  const { userId, deviceId } = alice;
  expect((await asPeer('GET', `${FEDERATION}/devices/${encodeURIComponent(userId)}`)).body).toEqual({
    user_id: userId,
    stream_id: 1,
    devices: [{ device_id: deviceId, keys: identity(alice) }],
  });
  expect((await asPeer('POST', `${FEDERATION}/keys/query`, { device_keys: { [userId]: [] } })).body).toEqual({
    device_keys: { [userId]: { [deviceId]: { ...identity(alice), unsigned: {} } } },
    master_keys: {},
    self_signing_keys: {},
  });
  const wish = { one_time_keys: { [userId]: { [deviceId]: 'signed_curve25519' } } };
  expect((await asPeer('POST', `${FEDERATION}/keys/claim`, wish)).body).toEqual({
    one_time_keys: { [userId]: { [deviceId]: { 'signed_curve25519:A': { key: 'k', signatures: {} } } } },
  });
  expect((await asPeer('POST', `${FEDERATION}/keys/claim`, wish)).body).toEqual({ one_time_keys: {} });
  // The stream tells that a device went.
  await ask('POST', '/_matrix/client/v3/logout', { token: alice.token });
  expect((await asPeer('GET', `${FEDERATION}/devices/${encodeURIComponent(userId)}`)).body).toEqual({
    user_id: userId,
    stream_id: 2,
    devices: [],
  });
});

test('another server sees how a user calls a device where the setting says so', async () => {
  thePeer();
  const alice = await aUserWithKeys();
  const { userId, deviceId } = alice;
  const { token } = await anAdministrator();
  const share = (isOn: boolean) =>
    ask('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings: { 'devices.share_names': isOn } } });
  await share(true);
  const named = { device_display_name: 'my secret hide-out' };
  expect((await asPeer('GET', `${FEDERATION}/devices/${encodeURIComponent(userId)}`)).body).toMatchObject({
    devices: [{ device_id: deviceId, ...named }],
  });
  expect((await asPeer('POST', `${FEDERATION}/keys/query`, { device_keys: { [userId]: [] } })).body).toMatchObject({
    device_keys: { [userId]: { [deviceId]: { unsigned: named } } },
  });
  await share(false);
});

test('a server is told nothing of users of others', async () => {
  thePeer();
  const theirs = '@them:other.example';
  expect((await asPeer('GET', `${FEDERATION}/devices/${encodeURIComponent(theirs)}`)).status).toBe(400);
  expect((await asPeer('POST', `${FEDERATION}/keys/query`, { device_keys: { [theirs]: [] } })).status).toBe(400);
  expect((await asPeer('POST', `${FEDERATION}/keys/claim`, { one_time_keys: { [theirs]: { X: 'y' } } })).status).toBe(
    400,
  );
});

test('keys of users elsewhere are asked of their server, which is believed about them only', async () => {
  const bob = { userId: `@bob:${peer.name}`, deviceId: 'B' };
  const carol = `@carol:${peer.name}`;
  const eve = '@eve:eve.example';
  const asked: JsonObject[] = [];
  thePeer({
    [`${FEDERATION}/keys/query`]: (body) => {
      asked.push(body);
      return {
        device_keys: {
          [bob.userId]: { B: identity(bob), C: identity(bob), D: 'nothing' },
          [carol]: { Z: identity({ userId: carol, deviceId: 'Z' }) },
          [eve]: { E: identity({ userId: eve, deviceId: 'E' }) },
        },
        master_keys: { [bob.userId]: { user_id: bob.userId, usage: ['master'] }, [eve]: { user_id: eve } },
      };
    },
    [`${FEDERATION}/keys/claim`]: () => ({
      one_time_keys: {
        [bob.userId]: { B: { 'a:1': 'x', 'b:2': 'y' }, F: { 'a:3': 'z' } },
        [eve]: { E: { 'a:1': 'x' } },
      },
    }),
  });
  const { token } = await aLoggedInUser();
  const answer = await ask('POST', '/_matrix/client/v3/keys/query', {
    token,
    body: { device_keys: { [bob.userId]: [], [eve]: [] } },
  });
  expect(asked).toEqual([{ device_keys: { [bob.userId]: [] } }]);
  expect(answer.body).toEqual({
    device_keys: { [bob.userId]: { B: identity(bob) } },
    master_keys: { [bob.userId]: { user_id: bob.userId, usage: ['master'] } },
    self_signing_keys: {},
    user_signing_keys: {},
    failures: { 'eve.example': {} },
  });
  const claimed = await ask('POST', '/_matrix/client/v3/keys/claim', {
    token,
    body: { one_time_keys: { [bob.userId]: { B: 'a' }, [eve]: { E: 'a' } } },
  });
  expect(claimed.body).toEqual({
    one_time_keys: { [bob.userId]: { B: { 'a:1': 'x' } } },
    failures: { 'eve.example': {} },
  });
});
