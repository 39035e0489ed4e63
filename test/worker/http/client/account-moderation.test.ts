import { expect, test } from 'vitest';

import { aRoom, inRoom, say } from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, anAdministrator, ask, logIn, PASSWORD, statusOf } from '../../../support/worker/ask.ts';

const v3 = '/_matrix/client/v3';
const enc = encodeURIComponent;

async function restrict(verb: 'lock' | 'suspend', userId: string, value: boolean): Promise<void> {
  const { token } = await anAdministrator();
  const path = `/_matrix/client/v1/admin/${verb}/${enc(userId)}`;
  const body = verb === 'lock' ? { locked: value } : { suspended: value };
  expect(await ask('PUT', path, { token, body })).toMatchObject({ status: 200, body });
  expect(await ask('GET', path, { token })).toMatchObject({ status: 200, body });
}

test('who is locked does nothing but log out, and goes on with the same session afterwards', async () => {
  const { userId, token } = await aLoggedInUser();
  const spare = (await logIn(userId, { refresh_token: true })).body;
  expect(await statusOf(token)).toBe(200);
  await restrict('lock', userId, true);
  const locked = { status: 401, body: { errcode: 'M_USER_LOCKED', soft_logout: true } };
  for (const path of ['/sync', '/account/whoami', `/profile/${enc(userId)}/displayname`]) {
    const method = path.startsWith('/profile') ? 'PUT' : 'GET';
    const body = method === 'PUT' ? { body: { displayname: 'x' } } : {};
    expect(await ask(method, `${v3}${path}`, { token, ...body })).toMatchObject(locked);
  }
  expect(await logIn(userId)).toMatchObject(locked);
  const refresh = { body: { refresh_token: spare['refresh_token'] } };
  expect(await ask('POST', `${v3}/refresh`, refresh)).toMatchObject(locked);
  expect((await ask('POST', `${v3}/logout`, { token: String(spare['access_token']) })).status).toBe(200);
  await restrict('lock', userId, false);
  expect(await statusOf(token)).toBe(200);
  expect(await statusOf(String(spare['access_token']))).toBe(401);
});

test('who is suspended reads, redacts own messages and leaves, and says nothing', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoom(alice, {
    power_level_content_override: { users: { [bob.userId]: 50, [alice.userId]: 100 } },
  });
  const other = await aRoom(alice);
  const { token } = bob;
  await ask('POST', inRoom(roomId, '/join'), { token, body: {} });
  const [own, foreign] = [await say(bob, roomId, 'own'), await say(alice, roomId, 'foreign')];
  await restrict('suspend', bob.userId, true);
  const forbidden: readonly (readonly [string, string, object])[] = [
    ['PUT', inRoom(roomId, '/send/m.room.message/1'), { body: 'x', msgtype: 'm.text' }],
    ['PUT', inRoom(roomId, '/send/m.room.redaction/2'), { redacts: foreign }],
    ['PUT', inRoom(roomId, '/state/m.room.topic'), { topic: 'x' }],
    ['PUT', inRoom(roomId, `/redact/${enc(foreign)}/3`), {}],
    ['PUT', inRoom(roomId, `/redact/${enc('$nothing')}/4`), {}],
    ['POST', inRoom(other, '/join'), {}],
    ['POST', `${v3}/join/${enc(other)}`, {}],
    ['POST', `${v3}/knock/${enc(other)}`, {}],
    ['POST', inRoom(roomId, '/invite'), { user_id: '@x:eyrie.test' }],
    ['POST', inRoom(roomId, '/kick'), { user_id: '@x:eyrie.test' }],
    ['POST', `${v3}/createRoom`, {}],
    ['PUT', `${v3}/profile/${enc(bob.userId)}/displayname`, { displayname: 'x' }],
  ];
  for (const [method, path, body] of forbidden) {
    const { status, body: answer } = await ask(method, path, { token, body });
    expect(`${path} ${status} ${String(answer['errcode'])}`).toBe(`${path} 403 M_USER_SUSPENDED`);
  }
  expect((await logIn(bob.userId)).status).toBe(200);
  expect((await ask('GET', `${v3}/sync`, { token })).status).toBe(200);
  expect((await ask('GET', inRoom(roomId, '/messages?dir=b'), { token })).status).toBe(200);
  expect((await ask('PUT', inRoom(roomId, `/redact/${enc(own)}/5`), { token, body: {} })).status).toBe(200);
  expect((await ask('POST', inRoom(roomId, '/leave'), { token, body: {} })).status).toBe(200);
  await restrict('suspend', bob.userId, false);
  expect((await ask('POST', inRoom(other, '/join'), { token, body: {} })).status).toBe(200);
  await restrict('suspend', bob.userId, true);
  const auth = { type: 'm.login.password', identifier: { type: 'm.id.user', user: bob.userId }, password: PASSWORD };
  expect((await ask('POST', `${v3}/account/deactivate`, { token, body: { auth } })).status).toBe(200);
});

test('administrators and users of other servers are not locked or suspended', async () => {
  const [admin, other] = [await anAdministrator(), await anAdministrator()];
  const put = (verb: string, userId: string, body: object) =>
    ask('PUT', `/_matrix/client/v1/admin/${verb}/${enc(userId)}`, { token: admin.token, body });
  expect(await put('lock', other.userId, { locked: true })).toMatchObject({ status: 403 });
  expect(await put('suspend', admin.userId, { suspended: true })).toMatchObject({ status: 403 });
  const away = { status: 400, body: { errcode: 'M_INVALID_PARAM' } };
  expect(await put('lock', '@x:elsewhere.example', { locked: true })).toMatchObject(away);
  expect(await put('lock', '@nobody:eyrie.test', { locked: true })).toMatchObject({ status: 404 });
  expect(await put('lock', other.userId, {})).toMatchObject({ status: 400 });
});
