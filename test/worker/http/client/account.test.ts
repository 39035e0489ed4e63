import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import {
  aLoggedInUser,
  anAdministrator,
  ask,
  askWith,
  logIn,
  PASSWORD,
  statusOf,
} from '../../../support/worker/ask.ts';

const { DB } = env as unknown as { DB: D1Database };
const C = '/_matrix/client/v3';

const auth = (user: string, password = PASSWORD) => ({
  type: 'm.login.password',
  identifier: { type: 'm.id.user', user },
  password,
});

test('a new password replaces the old one and ends all other sessions', async () => {
  const { userId, token } = await aLoggedInUser();
  const other = String((await logIn(userId)).body['access_token']);
  expect(await statusOf(other)).toBe(200);
  const changed = await ask('POST', `${C}/account/password`, {
    token,
    body: { new_password: 'another horse', auth: auth(userId) },
  });
  expect(changed).toMatchObject({ status: 200, body: {} });
  expect([await statusOf(token), await statusOf(other)]).toEqual([200, 401]);
  expect((await logIn(userId)).status).toBe(403);
  expect((await logIn(userId, { password: 'another horse' })).status).toBe(200);
});

test('other sessions stay where that is asked for', async () => {
  const { userId, token } = await aLoggedInUser();
  const other = String((await logIn(userId)).body['access_token']);
  await ask('POST', `${C}/account/password`, {
    token,
    body: { new_password: 'another horse', logout_devices: false, auth: auth(userId) },
  });
  expect(await statusOf(other)).toBe(200);
});

test.each([undefined, '', 'x'.repeat(513), 5])('a new password cannot be %j', async (password) => {
  const { userId, token } = await aLoggedInUser();
  const body = { new_password: password, auth: auth(userId) };
  expect((await ask('POST', `${C}/account/password`, { token, body })).status).toBe(400);
  expect((await logIn(userId)).status).toBe(200);
});

test('a deactivated account is gone for good', async () => {
  const { userId, token } = await aLoggedInUser();
  const other = String((await logIn(userId)).body['access_token']);
  await ask('PUT', `${C}/profile/${userId}/displayname`, { token, body: { displayname: 'Once' } });
  expect(await statusOf(other)).toBe(200);
  const done = await ask('POST', `${C}/account/deactivate`, { token, body: { auth: auth(userId) } });
  expect(done).toMatchObject({ status: 200, body: { id_server_unbind_result: 'success' } });
  expect([await statusOf(token), await statusOf(other)]).toEqual([401, 401]);
  expect(await logIn(userId)).toMatchObject({ status: 403, body: { errcode: 'M_USER_DEACTIVATED' } });
  expect((await ask('GET', `${C}/profile/${userId}`)).status).toBe(404);
  const username = userId.slice(1, userId.indexOf(':'));
  const available = await ask('GET', `${C}/register/available?username=${username}`);
  expect(available.body['errcode']).toBe('M_USER_IN_USE');
  expect(await DB.prepare('select password_hash from accounts where user_id = ?').bind(userId).first()).toEqual({
    password_hash: null,
  });
});

test('devices are listed, named, and told with when they were seen', async () => {
  const { userId, token, deviceId } = await aLoggedInUser();
  await logIn(userId, { device_id: 'OTHER' });
  const list = await ask('GET', `${C}/devices`, { token });
  const ids = (list.body['devices'] as { device_id: string }[]).map((device) => device.device_id);
  expect(ids.toSorted((a, b) => a.localeCompare(b))).toEqual(
    [deviceId, 'OTHER'].toSorted((a, b) => a.localeCompare(b)),
  );
  // Older libraries take no device that leaves anything out.
  const unnamed = (await ask('GET', `${C}/devices/OTHER`, { token })).body;
  expect(unnamed).toMatchObject({ display_name: null, last_seen_ip: null });
  expect((await ask('PUT', `${C}/devices/OTHER`, { token, body: { display_name: 'Other' } })).status).toBe(200);
  expect((await ask('PUT', `${C}/devices/OTHER`, { token, body: {} })).status).toBe(200);
  const device = await ask('GET', `${C}/devices/OTHER`, { token });
  expect(device.body).toMatchObject({ device_id: 'OTHER', display_name: 'Other' });
  expect(typeof device.body['last_seen_ts']).toBe('number');
});

test('a device is told with the address that the platform vouches for', async () => {
  const { token, deviceId } = await aLoggedInUser();
  const fresh = askWith({});
  await fresh('GET', `${C}/devices`, { token, headers: { 'cf-connecting-ip': '192.0.2.7' } });
  expect((await ask('GET', `${C}/devices/${deviceId}`, { token })).body['last_seen_ip']).toBe('192.0.2.7');
});

test('a device that is not there cannot be read or named', async () => {
  const { token } = await aLoggedInUser();
  const missing = { status: 404, body: { errcode: 'M_NOT_FOUND' } };
  expect(await ask('GET', `${C}/devices/NONE`, { token })).toMatchObject(missing);
  expect(await ask('PUT', `${C}/devices/NONE`, { token, body: { display_name: 'x' } })).toMatchObject(missing);
});

test('a deleted device is logged out at once; deleting it again is no error', async () => {
  const { userId, token } = await aLoggedInUser();
  const other = String((await logIn(userId, { device_id: 'OTHER' })).body['access_token']);
  expect(await statusOf(other)).toBe(200);
  const remove = () => ask('DELETE', `${C}/devices/OTHER`, { token, body: { auth: auth(userId) } });
  expect((await remove()).status).toBe(200);
  expect(await statusOf(other)).toBe(401);
  expect((await remove()).status).toBe(200);
});

test('several devices are deleted together, and only those of the user', async () => {
  const alice = await aLoggedInUser('alice');
  const bob = await aLoggedInUser('bob');
  await logIn(alice.userId, { device_id: 'ONE' });
  await logIn(alice.userId, { device_id: 'TWO' });
  const body = { devices: ['ONE', 'TWO', bob.deviceId], auth: auth(alice.userId) };
  expect((await ask('POST', `${C}/delete_devices`, { token: alice.token, body })).status).toBe(200);
  expect((await ask('GET', `${C}/devices`, { token: alice.token })).body['devices']).toHaveLength(1);
  expect(await statusOf(bob.token)).toBe(200);
});

test('capabilities say what the account can do and which room versions there are', async () => {
  const { token } = await aLoggedInUser();
  const { body } = await ask('GET', `${C}/capabilities`, { token });
  expect(body).toMatchObject({
    capabilities: {
      'm.change_password': { enabled: true },
      'm.room_versions': { default: '12', available: { 1: 'stable', 12: 'stable' } },
    },
  });
  expect(body['capabilities']).not.toHaveProperty('m.account_moderation');
  expect((await ask('GET', `${C}/capabilities`)).status).toBe(401);
  const admin = await anAdministrator();
  expect((await ask('GET', `${C}/capabilities`, { token: admin.token })).body).toMatchObject({
    capabilities: { 'm.account_moderation': { lock: true, suspend: true } },
  });
});

test('nobody reads or writes what another user keeps', async () => {
  const alice = await aLoggedInUser('alice');
  const bob = await aLoggedInUser('bob');
  const data = `${C}/user/${alice.userId}/account_data/org.example`;
  await ask('PUT', data, { token: alice.token, body: { secret: 1 } });
  await ask('POST', `${C}/user/${alice.userId}/filter`, { token: alice.token, body: {} });
  const forbidden = { status: 403, body: { errcode: 'M_FORBIDDEN' } };
  const { token } = bob;
  expect(await ask('GET', data, { token })).toMatchObject(forbidden);
  expect(await ask('PUT', data, { token, body: {} })).toMatchObject(forbidden);
  expect(await ask('POST', `${C}/user/${alice.userId}/filter`, { token, body: {} })).toMatchObject(forbidden);
  expect(await ask('GET', `${C}/user/${alice.userId}/filter/1`, { token })).toMatchObject(forbidden);
  const name = `${C}/profile/${alice.userId}/displayname`;
  expect(await ask('PUT', name, { token, body: { displayname: 'Eve' } })).toMatchObject(forbidden);
  expect(await ask('DELETE', name, { token })).toMatchObject(forbidden);
});

test('account data that the server owns is not set, and what is no object is refused', async () => {
  const { userId, token } = await aLoggedInUser();
  for (const type of ['m.fully_read', 'm.push_rules']) {
    const answer = await ask('PUT', `${C}/user/${userId}/account_data/${type}`, { token, body: {} });
    expect(answer).toMatchObject({ status: 405, body: { errcode: 'M_BAD_JSON' } });
  }
  const path = `${C}/user/${userId}/account_data/org.example`;
  expect((await ask('PUT', path, { token, body: '[]' })).body['errcode']).toBe('M_BAD_JSON');
  expect((await ask('PUT', path, { token, body: '{' })).body['errcode']).toBe('M_NOT_JSON');
});

test('the same filter gets the same ID', async () => {
  const { userId, token } = await aLoggedInUser();
  const path = `${C}/user/${userId}/filter`;
  const define = async (limit: number) =>
    (await ask('POST', path, { token, body: { room: { timeline: { limit } } } })).body['filter_id'];
  expect(await define(5)).toBe(await define(5));
  expect(await define(6)).not.toBe(await define(5));
  expect(await ask('GET', `${path}/999`, { token })).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
});
