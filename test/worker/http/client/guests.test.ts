import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { readConfig, type Env } from '../../../../src/config.ts';
import { objectStubs } from '../../../../src/durable/objects.ts';
import { aPeer, aRoom, forgetPeers, inRoom, joinFrom, say, v3 } from '../../../support/worker/a-peer.ts';
import {
  aLoggedInUser,
  anAdministrator,
  ask,
  logIn,
  PASSWORD,
  type Answer,
  type TestUser,
} from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';

const bindings = env as unknown as Env;
const enc = encodeURIComponent;
const dummy = { type: 'm.login.dummy' };
const refused = { status: 403, body: { errcode: 'M_GUEST_ACCESS_FORBIDDEN' } };

async function admitGuests(value: boolean): Promise<void> {
  const { token } = await anAdministrator();
  const body = { settings: { 'registration.guests': value } };
  expect(await ask('PUT', '/_eyrie/admin/v1/settings', { token, body })).toMatchObject({ status: 200 });
}

const register = (body: object, query = '') => ask('POST', `${v3}/register${query}`, { body });

async function aGuest(): Promise<TestUser> {
  const { status, body } = await register({ initial_device_display_name: 'Kiosk' }, '?kind=guest');
  expect(status).toBe(200);
  return { userId: String(body['user_id']), token: String(body['access_token']), deviceId: String(body['device_id']) };
}

const aRoomFor = (owner: TestUser, access: string) =>
  aRoom(owner, {
    initial_state: [{ type: 'm.room.guest_access', state_key: '', content: { guest_access: access } }],
  });

const join = ({ token }: TestUser, roomId: string): Promise<Answer> =>
  ask('POST', inRoom(roomId, '/join'), { token, body: {} });

const setAccess = ({ token }: TestUser, roomId: string, access: string): Promise<Answer> =>
  ask('PUT', inRoom(roomId, '/state/m.room.guest_access'), { token, body: { guest_access: access } });

const memberOf = async (asking: TestUser, roomId: string, userId: string) =>
  (await ask('GET', inRoom(roomId, `/state/m.room.member/${enc(userId)}`), { token: asking.token })).body;

const upgrade = (guest: TestUser, body: object = {}) =>
  register({
    username: guest.userId.slice(1, guest.userId.indexOf(':')),
    password: PASSWORD,
    auth: dummy,
    guest_access_token: guest.token,
    ...body,
  });

beforeEach(() => admitGuests(true));
afterEach(async () => {
  forgetPeers();
  await admitGuests(false);
});

test('a guest gets a session without authentication, on a device of our choice', async () => {
  const made = await register(
    { username: 'mine', password: 'x', device_id: 'MINE', refresh_token: true, inhibit_login: true },
    '?kind=guest',
  );
  expect(made).toMatchObject({ status: 200 });
  expect(made.body['user_id']).not.toBe('@mine:eyrie.test');
  expect(made.body['device_id']).not.toBe('MINE');
  expect(made.body).not.toHaveProperty('refresh_token');
  const { userId, token } = await aGuest();
  const whoami = await ask('GET', `${v3}/account/whoami`, { token });
  expect(whoami).toMatchObject({ status: 200, body: { user_id: userId, is_guest: true } });
  expect((await ask('GET', `${v3}/devices`, { token })).body).toMatchObject({ devices: [{ display_name: 'Kiosk' }] });
});

test('no guest gets an account while they are not admitted', async () => {
  await admitGuests(false);
  expect(await register({}, '?kind=guest')).toMatchObject(refused);
});

test('guests do what the specification lists for them, and nothing else', async () => {
  const [alice, guest] = [await aLoggedInUser('alice'), await aGuest()];
  const roomId = await aRoomFor(alice, 'can_join');
  expect(await join(guest, roomId)).toMatchObject({ status: 200 });
  const eventId = await say(guest, roomId, 'hello');
  const { token } = guest;
  const profile = `${v3}/profile/${enc(guest.userId)}`;
  const allowed: readonly (readonly [string, string, object?])[] = [
    ['GET', inRoom(roomId, '/state')],
    ['GET', inRoom(roomId, '/state/m.room.create')],
    ['GET', inRoom(roomId, `/state/m.room.member/${enc(guest.userId)}`)],
    ['GET', inRoom(roomId, `/context/${enc(eventId)}`)],
    ['GET', inRoom(roomId, `/event/${enc(eventId)}`)],
    ['GET', inRoom(roomId, '/messages?dir=b')],
    ['GET', inRoom(roomId, '/members')],
    ['GET', inRoom(roomId, '/initialSync')],
    ['GET', `${v3}/sync`],
    ['GET', `${v3}/devices/${guest.deviceId}`],
    ['PUT', `${v3}/devices/${guest.deviceId}`, { display_name: 'x' }],
    ['PUT', `${profile}/displayname`, { displayname: 'A guest' }],
    ['DELETE', `${profile}/displayname`, {}],
    ['POST', `${v3}/keys/query`, { device_keys: {} }],
    ['POST', `${v3}/join/${enc(roomId)}`, {}],
    ['POST', inRoom(roomId, '/leave'), {}],
  ];
  for (const [method, path, body] of allowed) {
    const { status } = await ask(method, path, { token, ...(body === undefined ? {} : { body }) });
    expect(`${method} ${path} ${status}`).toBe(`${method} ${path} 200`);
  }
  const forbidden: readonly (readonly [string, string, object?])[] = [
    ['POST', `${v3}/createRoom`, {}],
    ['POST', `${v3}/knock/${enc(roomId)}`, {}],
    ['POST', inRoom(roomId, '/invite'), { user_id: alice.userId }],
    ['POST', inRoom(roomId, '/kick'), { user_id: alice.userId }],
    ['PUT', inRoom(roomId, `/redact/${enc(eventId)}/1`), {}],
    ['PUT', `${profile}/avatar_url`, { avatar_url: 'mxc://eyrie.test/x' }],
    ['DELETE', `${profile}/avatar_url`, {}],
    ['PUT', `${profile}/org.example.field`, { 'org.example.field': 1 }],
    ['DELETE', `${v3}/devices/${guest.deviceId}`, {}],
    ['POST', `${v3}/account/password`, { new_password: 'x' }],
    ['POST', '/_matrix/client/v1/login/get_token', {}],
    ['POST', `${v3}/user_directory/search`, { search_term: 'alice' }],
    ['POST', '/_matrix/media/v3/upload', {}],
    ['GET', `${v3}/joined_rooms`],
    ['GET', '/_eyrie/admin/v1/settings'],
  ];
  for (const [method, path, body] of forbidden) {
    const answer = await ask(method, path, { token, ...(body === undefined ? {} : { body }) });
    const told = `${answer.status} ${String(answer.body['errcode'])}`;
    expect(`${method} ${path} ${told}`).toBe(`${method} ${path} 403 M_GUEST_ACCESS_FORBIDDEN`);
  }
});

test('guests join only rooms that admit them, by whatever call, also when they are invited', async () => {
  const [alice, guest] = [await aLoggedInUser('alice'), await aGuest()];
  const roomId = await aRoomFor(alice, 'forbidden');
  const { token } = guest;
  const byState = () =>
    ask('PUT', inRoom(roomId, `/state/m.room.member/${enc(guest.userId)}`), { token, body: { membership: 'join' } });
  expect(await join(guest, roomId)).toMatchObject(refused);
  expect(await byState()).toMatchObject(refused);
  const invite = { token: alice.token, body: { user_id: guest.userId } };
  expect(await ask('POST', inRoom(roomId, '/invite'), invite)).toMatchObject({ status: 200 });
  expect(await join(guest, roomId)).toMatchObject(refused);
  expect(await byState()).toMatchObject(refused);
  await setAccess(alice, roomId, 'can_join');
  expect(await join(guest, roomId)).toMatchObject({ status: 200 });
});

test('by a state event guests change their own membership only, and only join and leave', async () => {
  const [alice, bob, guest] = [await aLoggedInUser('alice'), await aLoggedInUser('bob'), await aGuest()];
  const roomId = await aRoom(alice, {
    room_version: '11',
    power_level_content_override: { invite: 0, kick: 0, ban: 0 },
    initial_state: [
      { type: 'm.room.guest_access', state_key: '', content: { guest_access: 'can_join' } },
      { type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } },
    ],
  });
  const put = (userId: string, membership: string) =>
    ask('PUT', inRoom(roomId, `/state/m.room.member/${enc(userId)}`), { token: guest.token, body: { membership } });
  expect(await put(guest.userId, 'knock')).toMatchObject(refused);
  await ask('POST', inRoom(roomId, '/invite'), { token: alice.token, body: { user_id: guest.userId } });
  expect(await put(guest.userId, 'join')).toMatchObject({ status: 200 });
  for (const membership of ['invite', 'leave', 'ban']) expect(await put(bob.userId, membership)).toMatchObject(refused);
  expect(await put(guest.userId, 'leave')).toMatchObject({ status: 200 });
});

test('a guest joins a room that this server is not in only where a server in it says that guests may', async () => {
  const [guest, peer] = [await aGuest(), aPeer()];
  const roomId = `!theirs:${peer.server.name}`;
  const asked = () => peer.received.filter(({ target }) => target.includes('/make_join/')).length;
  const room = { room_id: roomId, num_joined_members: 1, world_readable: false, join_rule: 'public' };
  expect(await join(guest, roomId)).toMatchObject({ status: 502 });
  for (const said of [{}, { guest_can_join: false }]) {
    peer.reply('/_matrix/federation/v1/hierarchy/', () => ({ room: { ...room, ...said }, children: [] }));
    expect(await join(guest, roomId)).toMatchObject(refused);
  }
  expect(asked()).toBe(0);
  peer.reply('/_matrix/federation/v1/hierarchy/', () => ({ room: { ...room, guest_can_join: true }, children: [] }));
  await join(guest, roomId);
  expect(asked()).toBe(1);
});

test('guests leave a room that admits them no longer, and nobody else does', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const [guest, other] = [await aGuest(), await aGuest()];
  const roomId = await aRoomFor(alice, 'can_join');
  for (const user of [bob, guest, other]) expect(await join(user, roomId)).toMatchObject({ status: 200 });
  expect(await setAccess(alice, roomId, 'forbidden')).toMatchObject({ status: 200 });
  expect(await memberOf(alice, roomId, guest.userId)).toMatchObject({ membership: 'leave' });
  expect(await memberOf(alice, roomId, other.userId)).toMatchObject({ membership: 'leave' });
  expect(await memberOf(alice, roomId, bob.userId)).toMatchObject({ membership: 'join' });
  expect(await join(guest, roomId)).toMatchObject(refused);
});

test('more guests than leave at once all leave', async () => {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoomFor(alice, 'can_join');
  const guests = await Promise.all(Array.from({ length: 52 }, aGuest));
  await Promise.all(guests.map((guest) => join(guest, roomId)));
  await setAccess(alice, roomId, 'forbidden');
  await eventually(async () => {
    const { body } = await ask('GET', inRoom(roomId, '/joined_members'), { token: alice.token });
    expect(Object.keys(body['joined'] as object)).toEqual([alice.userId]);
  });
});

test('a guest who cannot leave now keeps no decision from being made, and leaves later', async () => {
  const [alice, guest] = [await aLoggedInUser('alice'), await aGuest()];
  const roomId = await aRoomFor(alice, 'can_join');
  expect(await join(guest, roomId)).toMatchObject({ status: 200 });
  const stub = objectStubs(bindings, readConfig(bindings)).room(roomId);
  const sql = (text: string) => runInDurableObject(stub, (_room, { storage }) => [...storage.sql.exec(text)]);
  // What was written of the event by then must not stay.
  await sql(
    `create trigger broken after insert on events when new.type = 'm.room.member' begin select raise(abort, 'no'); end`,
  );
  expect(await setAccess(alice, roomId, 'forbidden')).toMatchObject({ status: 200 });
  await runDurableObjectAlarm(stub);
  const [duty] = await sql(`select at, attempt from duties where kind = 'guests'`);
  expect(Number(duty?.['at'])).toBeGreaterThan(Date.now() + 3_000);
  expect(await say(alice, roomId, 'still here?')).toMatch(/^\$/);
  expect(await memberOf(alice, roomId, guest.userId)).toMatchObject({ membership: 'join' });
  await sql('drop trigger broken');
  await sql(`update duties set at = 1 where kind = 'guests'`);
  await runDurableObjectAlarm(stub);
  expect(await memberOf(alice, roomId, guest.userId)).toMatchObject({ membership: 'leave' });
});

test('a user of another server ends the access of guests', async () => {
  const [alice, guest, peer] = [await aLoggedInUser('alice'), await aGuest(), aPeer()];
  const roomId = await aRoom(alice, {
    power_level_content_override: { state_default: 0 },
    initial_state: [{ type: 'm.room.guest_access', state_key: '', content: { guest_access: 'can_join' } }],
  });
  expect(await join(guest, roomId)).toMatchObject({ status: 200 });
  const eve = await joinFrom(peer, roomId);
  const shut = eve.event({ type: 'm.room.guest_access', stateKey: '', content: { guest_access: 'forbidden' } });
  await peer.push(shut.json);
  await eventually(async () =>
    expect(await memberOf(alice, roomId, guest.userId)).toMatchObject({ membership: 'leave' }),
  );
});

test('a guest registers in full with the token of the guest, and stays in the rooms', async () => {
  const [alice, guest] = [await aLoggedInUser('alice'), await aGuest()];
  const roomId = await aRoomFor(alice, 'can_join');
  expect(await join(guest, roomId)).toMatchObject({ status: 200 });
  expect(await upgrade(guest)).toMatchObject({ status: 200, body: { user_id: guest.userId } });
  const whoami = await ask('GET', `${v3}/account/whoami`, { token: guest.token });
  expect(whoami).toMatchObject({ status: 200, body: { is_guest: false } });
  const { status, body } = await logIn(guest.userId);
  expect(status).toBe(200);
  const made = await ask('POST', `${v3}/createRoom`, { token: String(body['access_token']), body: {} });
  expect(made).toMatchObject({ status: 200 });
  expect(await setAccess(alice, roomId, 'forbidden')).toMatchObject({ status: 200 });
  expect(await memberOf(alice, roomId, guest.userId)).toMatchObject({ membership: 'join' });
});

test('nobody takes the name of a guest without the token, or of somebody who is none', async () => {
  const [alice, guest, other] = [await aLoggedInUser('alice'), await aGuest(), await aGuest()];
  expect(await upgrade({ ...guest, token: other.token })).toMatchObject({ status: 403 });
  expect(await upgrade({ ...guest, token: 'nothing' })).toMatchObject({ status: 401 });
  expect(await upgrade(alice)).toMatchObject({ status: 403 });
  expect(await upgrade(guest, { username: undefined })).toMatchObject({ status: 400 });
  expect(await upgrade(guest, { guest_access_token: undefined })).toMatchObject({
    status: 400,
    body: { errcode: 'M_USER_IN_USE' },
  });
  expect(await upgrade(guest, { auth: undefined })).toMatchObject({ status: 401 });
  expect((await ask('GET', `${v3}/account/whoami`, { token: guest.token })).body['is_guest']).toBe(true);
});

test('a guest is not in the user directory, but for who is in a room with them', async () => {
  const alice = await aLoggedInUser('alice');
  const stranger = await aLoggedInUser('stranger');
  const guest = await aGuest();
  const found = async ({ token }: TestUser) => {
    const { body } = await ask('POST', `${v3}/user_directory/search`, { token, body: { search_term: guest.userId } });
    return (body['results'] as { user_id: string }[]).map(({ user_id: id }) => id);
  };
  expect(await found(stranger)).toEqual([]);
  const roomId = await aRoom(alice, {
    preset: 'private_chat',
    invite: [guest.userId],
    initial_state: [{ type: 'm.room.guest_access', state_key: '', content: { guest_access: 'can_join' } }],
  });
  expect(await join(guest, roomId)).toMatchObject({ status: 200 });
  expect([await found(alice), await found(stranger)]).toEqual([[guest.userId], []]);
});
