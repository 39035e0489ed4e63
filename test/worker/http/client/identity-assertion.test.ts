import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import {
  aRegistration,
  anAppservice,
  anOwnedUser,
  askAs,
  putRegistration,
} from '../../../support/worker/an-appservice.ts';
import { aLoggedInUser, anAdministrator, ask, askWith, PASSWORD } from '../../../support/worker/ask.ts';

const v3 = '/_matrix/client/v3';
const LOGIN = 'm.login.application_service';
const asUser = (userId: string) => `user_id=${encodeURIComponent(userId)}`;

test('an application service acts as its sender, or as a user of its namespace that it has made', async () => {
  const appservice = await anAppservice();
  expect((await askAs(appservice, undefined, 'GET', `${v3}/account/whoami`)).body).toEqual({
    user_id: appservice.sender,
    is_guest: false,
  });
  const user = await anOwnedUser(appservice);
  expect((await askAs(appservice, user, 'GET', `${v3}/account/whoami`)).body).toEqual({
    user_id: user,
    is_guest: false,
  });
  expect((await ask('GET', `${v3}/account/whoami?access_token=${appservice.asToken}`)).body['user_id']).toBe(
    appservice.sender,
  );
});

test('it acts as nobody outside its namespace, of another server, or unregistered', async () => {
  const appservice = await anAppservice({
    namespaces: { users: [{ exclusive: false, regex: '@_.*' }], aliases: [], rooms: [] },
  });
  const { userId: stranger } = await aLoggedInUser();
  for (const user of [stranger, '@_a:elsewhere.test', `@_nobody-${crypto.randomUUID()}:eyrie.test`]) {
    expect(await askAs(appservice, user, 'GET', `${v3}/account/whoami`)).toMatchObject({
      status: 403,
      body: { errcode: 'M_FORBIDDEN' },
    });
  }
  expect(await askAs(appservice, 'nonsense', 'GET', `${v3}/account/whoami`)).toMatchObject({ status: 400 });
  expect(await ask('GET', `${v3}/account/whoami?${asUser(stranger)}`, { token: 'as_token_of_nobody' })).toMatchObject({
    status: 401,
    body: { errcode: 'M_UNKNOWN_TOKEN' },
  });
});

test('it acts as nobody who is deactivated, also where the list of accounts was read before', async () => {
  const appservice = await anAppservice();
  const user = await anOwnedUser(appservice);
  const whoami = () => askAs(appservice, user, 'GET', `${v3}/account/whoami`);
  expect((await whoami()).status).toBe(200);
  const { token } = await anAdministrator();
  const path = `/_eyrie/admin/v1/users/${encodeURIComponent(user)}/deactivate`;
  expect((await ask('POST', path, { token, body: {} })).status).toBe(200);
  expect(await whoami()).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  await (env as unknown as Env).DB.prepare('update accounts set deactivated = 0 where user_id = ?').bind(user).run();
  expect(await whoami()).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
});

test('a user of an ordinary session cannot assert another identity', async () => {
  const [{ token, userId }, other] = [await aLoggedInUser(), await aLoggedInUser()];
  expect((await ask('GET', `${v3}/account/whoami?${asUser(other.userId)}`, { token })).body['user_id']).toBe(userId);
});

test('it makes users within its namespace only, once each, with a session if it wants one', async () => {
  const appservice = await anAppservice();
  const register = (body: object, token = appservice.asToken) =>
    ask('POST', `${v3}/register`, { token, body: { type: LOGIN, ...body } });
  const username = `${appservice.prefix}a`;
  const made = await register({ username });
  expect(made).toMatchObject({ status: 200, body: { user_id: `@${username}:eyrie.test` } });
  expect((await ask('GET', `${v3}/account/whoami`, { token: String(made.body['access_token']) })).status).toBe(200);
  expect(await register({ username })).toMatchObject({ status: 400, body: { errcode: 'M_USER_IN_USE' } });
  expect(await register({ username: 'outside' })).toMatchObject({ status: 400, body: { errcode: 'M_EXCLUSIVE' } });
  expect(await register({})).toMatchObject({ status: 400, body: { errcode: 'M_MISSING_PARAM' } });
  expect(await register({ username }, 'unknown')).toMatchObject({ status: 401, body: { errcode: 'M_UNKNOWN_TOKEN' } });
  expect(await ask('POST', `${v3}/register`, { body: { type: LOGIN, username } })).toMatchObject({
    status: 401,
    body: { errcode: 'M_MISSING_TOKEN' },
  });
});

test('it logs in as its users without their passwords', async () => {
  const appservice = await anAppservice();
  const user = await anOwnedUser(appservice);
  const { userId: stranger } = await aLoggedInUser();
  const logIn = (name: string, token = appservice.asToken) =>
    ask('POST', `${v3}/login`, { token, body: { type: LOGIN, identifier: { type: 'm.id.user', user: name } } });
  expect(await logIn(user)).toMatchObject({ status: 200, body: { user_id: user } });
  expect(await logIn(stranger)).toMatchObject({ status: 400, body: { errcode: 'M_EXCLUSIVE' } });
  expect(await logIn(`@${appservice.prefix}nobody:eyrie.test`)).toMatchObject({ status: 403 });
  expect(await logIn(user, 'unknown')).toMatchObject({ status: 401 });
  expect((await ask('GET', `${v3}/login`)).body['flows']).toContainEqual({ type: LOGIN });
});

test('no session or identity of an application service is an administrator by the promotion of its user', async () => {
  const prefix = `p${crypto.randomUUID().slice(0, 8)}`;
  const users = [{ exclusive: false, regex: `@${prefix}.*` }];
  const appservice = await anAppservice({ namespaces: { users, aliases: [], rooms: [] } });
  const { token } = await anAdministrator();
  const own = await ask('POST', `${v3}/register`, {
    token: appservice.asToken,
    body: { type: LOGIN, username: `${prefix}made`, refresh_token: true },
  });
  const { userId: person } = await aLoggedInUser(prefix);
  const login = { type: LOGIN, identifier: { type: 'm.id.user', user: person } };
  const logIn = () => ask('POST', `${v3}/login`, { token: appservice.asToken, body: login });
  for (const { body } of [own, await logIn()]) {
    const user = String(body['user_id']);
    const path = `/_eyrie/admin/v1/users/${encodeURIComponent(user)}/admin`;
    expect(await ask('PUT', path, { token, body: { admin: true } })).toMatchObject({ status: 200 });
    const administer = (by: string, query = '') => ask('GET', `/_eyrie/admin/v1/users${query}`, { token: by });
    expect(await administer(String(body['access_token']))).toMatchObject({
      status: 401,
      body: { errcode: 'M_UNKNOWN_TOKEN' },
    });
    expect(await administer(appservice.asToken, `?${asUser(user)}`)).toMatchObject({ status: 403 });
  }
  const refresh = { refresh_token: String(own.body['refresh_token']) };
  expect(await ask('POST', `${v3}/refresh`, { body: refresh })).toMatchObject({ status: 401 });
  expect(await logIn()).toMatchObject({ status: 403 });
});

test('a promotion ends the sessions that an application service made, also of whom it has lost since, and no others', async () => {
  const prefix = `q${crypto.randomUUID().slice(0, 8)}`;
  const namespaces = (regex: string) => ({ users: [{ exclusive: false, regex }], aliases: [], rooms: [] });
  const appservice = await anAppservice({ namespaces: namespaces(`@${prefix}.*`) });
  const { token } = await anAdministrator();
  const { userId, token: own } = await aLoggedInUser(prefix);
  const login = { type: LOGIN, identifier: { type: 'm.id.user', user: userId } };
  const made = await ask('POST', `${v3}/login`, { token: appservice.asToken, body: login });
  const device = `${v3}/devices/BRIDGED`;
  expect((await askAs(appservice, userId, 'PUT', device, {})).status).toBe(201);
  const { id, asToken: as_token } = appservice;
  const lost = aRegistration({ id, as_token, sender_localpart: `${id}-bot`, namespaces: namespaces('@nobody.*') });
  expect((await putRegistration(token, lost)).status).toBe(200);
  const path = `/_eyrie/admin/v1/users/${encodeURIComponent(userId)}/admin`;
  expect((await ask('PUT', path, { token, body: { admin: true } })).status).toBe(200);
  const whoami = (by: string) => ask('GET', `${v3}/account/whoami`, { token: by });
  expect(await whoami(String(made.body['access_token']))).toMatchObject({ status: 401 });
  expect(await whoami(own)).toMatchObject({ status: 200, body: { user_id: userId } });
  expect(await ask('GET', '/_eyrie/admin/v1/users', { token: own })).toMatchObject({ status: 200 });
  const { body } = await ask('GET', `${v3}/devices`, { token: own });
  expect(body['devices']).toHaveLength(1);
});

test('a device whose owner logs in there themselves is theirs from then on', async () => {
  const prefix = `r${crypto.randomUUID().slice(0, 8)}`;
  const users = [{ exclusive: false, regex: `@${prefix}.*` }];
  const appservice = await anAppservice({ namespaces: { users, aliases: [], rooms: [] } });
  const { userId } = await aLoggedInUser(prefix);
  expect((await askAs(appservice, userId, 'PUT', `${v3}/devices/SHARED`, {})).status).toBe(201);
  const identifier = { type: 'm.id.user', user: userId };
  const login = { type: 'm.login.password', identifier, password: PASSWORD, device_id: 'SHARED' };
  const own = String((await ask('POST', `${v3}/login`, { body: login })).body['access_token']);
  const { token } = await anAdministrator();
  const path = `/_eyrie/admin/v1/users/${encodeURIComponent(userId)}/admin`;
  expect((await ask('PUT', path, { token, body: { admin: true } })).status).toBe(200);
  expect(await ask('GET', '/_eyrie/admin/v1/users', { token: own })).toMatchObject({ status: 200 });
});

test('nobody else registers in an exclusive namespace, or as the sender', async () => {
  const appservice = await anAppservice();
  for (const username of [`${appservice.prefix}x`, `${appservice.id}-bot`]) {
    const body = { username, password: PASSWORD, auth: { type: 'm.login.dummy' } };
    expect(await ask('POST', `${v3}/register`, { body })).toMatchObject({
      status: 400,
      body: { errcode: 'M_EXCLUSIVE' },
    });
    expect(await ask('GET', `${v3}/register/available?username=${username}`)).toMatchObject({
      status: 400,
      body: { errcode: 'M_EXCLUSIVE' },
    });
  }
});

test('aliases of an exclusive namespace are its own, and others are not', async () => {
  const appservice = await anAppservice();
  const { token } = await aLoggedInUser();
  const name = `_${appservice.id}_room`;
  const create = (room_alias_name: string) => ({ room_alias_name });
  expect(await ask('POST', `${v3}/createRoom`, { token, body: create(name) })).toMatchObject({
    status: 400,
    body: { errcode: 'M_EXCLUSIVE' },
  });
  expect(await askAs(appservice, undefined, 'POST', `${v3}/createRoom`, create(`other-${name}`))).toMatchObject({
    status: 400,
    body: { errcode: 'M_EXCLUSIVE' },
  });
  expect(await askAs(appservice, undefined, 'POST', `${v3}/createRoom`, create(name))).toMatchObject({ status: 200 });
});

test('devices are made, acted as and removed without a session or a password', async () => {
  const appservice = await anAppservice();
  const user = await anOwnedUser(appservice);
  const as = (method: string, path: string, body?: unknown) => askAs(appservice, user, method, path, body);
  const whoami = `${v3}/account/whoami?device_id=ABC`;
  expect(await as('GET', whoami)).toMatchObject({ status: 400, body: { errcode: 'M_UNKNOWN_DEVICE' } });
  expect(await as('PUT', `${v3}/devices/ABC`, { display_name: 'The bridge' })).toMatchObject({ status: 201 });
  expect(await as('PUT', `${v3}/devices/ABC`, {})).toMatchObject({ status: 200 });
  expect((await as('GET', whoami)).body).toEqual({ user_id: user, device_id: 'ABC', is_guest: false });
  expect((await as('GET', `${v3}/devices/ABC`)).body).toMatchObject({ display_name: 'The bridge' });
  expect(await as('PUT', `${v3}/devices/${'x'.repeat(256)}`, {})).toMatchObject({ status: 400 });
  expect(await as('POST', `${v3}/keys/upload`, {})).toMatchObject({ status: 400 });
  expect(await as('POST', `${v3}/keys/upload?device_id=ABC`, {})).toMatchObject({ status: 200 });
  expect(await as('DELETE', `${v3}/devices/ABC`, {})).toMatchObject({ status: 200 });
  expect(await as('GET', whoami)).toMatchObject({ status: 400 });
});

test('accounts of users are not managed by application services, nor is the server', async () => {
  const { userId } = await anAdministrator();
  const appservice = await anAppservice({
    namespaces: { users: [{ exclusive: false, regex: '@admin.*' }], aliases: [], rooms: [] },
  });
  for (const [method, path] of [
    ['POST', `${v3}/account/password`],
    ['POST', `${v3}/account/deactivate`],
    ['POST', `${v3}/logout`],
    ['PUT', '/_eyrie/admin/v1/settings'],
    ['GET', '/_eyrie/admin/v1/appservices'],
  ] as const) {
    const body = method === 'GET' ? undefined : { settings: {} };
    expect(await askAs(appservice, userId, method, path, body)).toMatchObject({ status: 403 });
  }
});

test('ts is when an event was sent, for send and state; nonsense is refused, and ordinary users have none', async () => {
  const appservice = await anAppservice();
  const user = await anOwnedUser(appservice);
  const as = (method: string, path: string, body?: unknown) => askAs(appservice, user, method, path, body);
  const roomId = String((await as('POST', `${v3}/createRoom`, { preset: 'public_chat' })).body['room_id']);
  const room = `${v3}/rooms/${encodeURIComponent(roomId)}`;
  const timeOf = async (eventId: unknown) =>
    (await as('GET', `${room}/event/${encodeURIComponent(String(eventId))}`)).body['origin_server_ts'];
  const sent = await as('PUT', `${room}/send/m.room.message/1?ts=1234`, { body: 'old', msgtype: 'm.text' });
  expect(await timeOf(sent.body['event_id'])).toBe(1234);
  const state = await as('PUT', `${room}/state/m.room.topic/?ts=0`, { topic: 'older' });
  expect(await timeOf(state.body['event_id'])).toBe(0);
  for (const ts of ['-1', '1.5', 'x', '', '99999999999999999999']) {
    expect(await as('PUT', `${room}/send/m.room.message/2?ts=${ts}`, { body: 'b' })).toMatchObject({ status: 400 });
  }
  const { token } = await aLoggedInUser();
  await ask('POST', `${room}/join`, { token, body: {} });
  const theirs = await ask('PUT', `${room}/send/m.room.message/1?ts=1`, { token, body: { body: 'now' } });
  expect(await timeOf(theirs.body['event_id'])).toBeGreaterThan(1_000_000);
});

test('ts is also when a membership was: of a join, an invitation, a kick and a leave', async () => {
  const appservice = await anAppservice();
  const [user, other] = [await anOwnedUser(appservice, 'a'), await anOwnedUser(appservice, 'b')];
  const { userId: guest } = await aLoggedInUser();
  const made = await askAs(appservice, user, 'POST', `${v3}/createRoom`, { preset: 'public_chat' });
  const room = `${v3}/rooms/${encodeURIComponent(String(made.body['room_id']))}`;
  const set = async (as: string, target: string, ts: number, membership: string) => {
    const path = `${room}/state/m.room.member/${encodeURIComponent(target)}?ts=${ts}`;
    const { status, body } = await askAs(appservice, as, 'PUT', path, { membership });
    expect({ status, body }).toMatchObject({ status: 200 });
    const event = await askAs(appservice, user, 'GET', `${room}/event/${String(body['event_id'])}`);
    expect(event.body).toMatchObject({ content: { membership }, origin_server_ts: ts });
  };
  await set(other, other, 1_000, 'join');
  await set(other, other, 2_000, 'leave');
  await set(user, guest, 3_000, 'invite');
  await set(user, guest, 4_000, 'leave');
});

test('a transaction is one event per user, device and application service', async () => {
  const appservice = await anAppservice();
  const [user, other] = [await anOwnedUser(appservice, 'a'), await anOwnedUser(appservice, 'b')];
  const room = `${v3}/rooms/${encodeURIComponent(
    String((await askAs(appservice, user, 'POST', `${v3}/createRoom`, { preset: 'public_chat' })).body['room_id']),
  )}`;
  await askAs(appservice, other, 'POST', `${room}/join`, {});
  await askAs(appservice, user, 'PUT', `${v3}/devices/D`, {});
  const send = async (as: string, query = '') =>
    (await askAs(appservice, as, 'PUT', `${room}/send/m.room.message/t1${query}`, { body: 'a' })).body['event_id'];
  const first = await send(user);
  expect(await send(user)).toBe(first);
  const ids = new Set([first, await send(other), await send(user, '?device_id=D')]);
  expect(ids.size).toBe(3);
});

test('rate limits spare an application service that is not limited, and its sender', async () => {
  const limited = askWith({ EYRIE_RATE_LIMITS: null });
  const sendMany = async (changes: object, as: 'user' | 'sender') => {
    const appservice = await anAppservice(changes as never);
    const user = as === 'sender' ? appservice.sender : await anOwnedUser(appservice);
    const statuses = await Promise.all(
      Array.from({ length: 110 }, async (_, at) => {
        const path = `${v3}/rooms/!nowhere:eyrie.test/send/m.room.message/${at}?${asUser(user)}`;
        return (await limited('PUT', path, { token: appservice.asToken, body: {} })).status;
      }),
    );
    return statuses.includes(429);
  };
  expect(await sendMany({ rate_limited: true }, 'user')).toBe(true);
  expect(await sendMany({ rate_limited: true }, 'sender')).toBe(false);
  expect(await sendMany({ rate_limited: false }, 'user')).toBe(false);
});

test('nobody acts as a user whom an administrator has locked', async () => {
  const appservice = await anAppservice();
  const user = await anOwnedUser(appservice);
  const { token } = await anAdministrator();
  await ask('PUT', `/_matrix/client/v1/admin/lock/${encodeURIComponent(user)}`, { token, body: { locked: true } });
  expect(await askAs(appservice, user, 'GET', `${v3}/account/whoami`)).toMatchObject({
    status: 401,
    body: { errcode: 'M_USER_LOCKED' },
  });
});
