import { expect, test } from 'vitest';

import { admin, aWorkspace, inPath } from '../../../../support/worker/a-workspace.ts';
import { anOwnedUser, askAs, type TestAppservice } from '../../../../support/worker/an-appservice.ts';
import { aLoggedInUser, anAdministrator, ask, askWith, type Answer } from '../../../../support/worker/ask.ts';
import { inRoom } from '../../../../support/worker/a-peer.ts';

const v3 = '/_matrix/client/v3';

/** A workspace, and a user of it in a room that the user has made. */
async function aRoomOf(room_version: string, body: object = {}) {
  const workspace = await aWorkspace();
  const owner = await anOwnedUser(workspace, 'owner');
  const made = await askAs(workspace, owner, 'POST', `${v3}/createRoom`, {
    preset: 'public_chat',
    room_version,
    ...body,
  });
  return { workspace, owner, roomId: String(made.body['room_id']) };
}

const level = (
  { asToken }: Pick<TestAppservice, 'asToken'>,
  roomId: string,
  userId: string,
  body: object,
  how = ask,
): Promise<Answer> =>
  how('PUT', admin(`/rooms/${inPath(roomId)}/power_level/${inPath(userId)}`), { token: asToken, body });

async function levelsOf(workspace: TestAppservice, owner: string, roomId: string) {
  const path = inRoom(roomId, '/state/m.room.power_levels/');
  return (await askAs(workspace, owner, 'GET', path)).body;
}

test.each(['10', '12'])('a role is set, set again and taken away in a room of version %s', async (version) => {
  const { workspace, owner, roomId } = await aRoomOf(version);
  const bob = '@bob:elsewhere.example';
  const set = (body: object) => level(workspace, roomId, bob, { sender: owner, ...body });
  const first = await set({ level: 50, expected: 0 });
  expect(first).toMatchObject({
    status: 200,
    body: { event_id: expect.stringMatching(/^\$/), previous: 0, level: 50, changed: true },
  });
  expect((await levelsOf(workspace, owner, roomId))['users']).toMatchObject({ [bob]: 50 });
  expect((await set({ level: 50 })).body).toEqual({ previous: 50, level: 50, changed: false });
  expect(await set({ level: 100, expected: 0 })).toMatchObject({
    status: 409,
    body: { errcode: 'EYRIE_CONFLICT', previous: 50 },
  });
  expect((await set({ level: 0 })).body).toMatchObject({ previous: 50, level: 0, changed: true });
  expect((await levelsOf(workspace, owner, roomId))['users']).toMatchObject({ [bob]: 0 });
  expect((await set({ level: null })).body).toMatchObject({ previous: 0, level: 0, changed: true });
  expect((await levelsOf(workspace, owner, roomId))['users']).not.toHaveProperty(bob);
  expect((await set({ level: null })).body).toEqual({ previous: 0, level: 0, changed: false });
});

test('of changes for many users at once, asked of two isolates, none is lost', async () => {
  const { workspace, owner, roomId } = await aRoomOf('10');
  const before = await levelsOf(workspace, owner, roomId);
  const users = Array.from({ length: 12 }, (_, number) => `@user${number}:elsewhere.example`);
  const isolates = [ask, askWith({})];
  const answers = await Promise.all(
    users.map((userId, number) =>
      level(workspace, roomId, userId, { level: 10 + number, sender: owner }, isolates[number % 2]),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(users.map(() => 200));
  const wanted = Object.fromEntries(users.map((userId, number) => [userId, 10 + number]));
  const after = await levelsOf(workspace, owner, roomId);
  expect(after).toEqual({ ...before, users: { ...(before['users'] as object), ...wanted } });
});

test('of two who expect the same level one changes it, and the other is told what it is', async () => {
  const { workspace, owner, roomId } = await aRoomOf('11');
  const bob = '@bob:elsewhere.example';
  const answers = await Promise.all(
    [60, 70].map((wanted) => level(workspace, roomId, bob, { level: wanted, sender: owner, expected: 0 })),
  );
  const [won, lost] = answers.toSorted((one, other) => one.status - other.status);
  expect(won).toMatchObject({ status: 200, body: { changed: true } });
  expect(lost).toMatchObject({
    status: 409,
    body: { errcode: 'EYRIE_CONFLICT', previous: won?.body['level'] },
  });
});

test('a creator of a room of version 12 has no level', async () => {
  const { workspace, owner, roomId } = await aRoomOf('12');
  expect(await level(workspace, roomId, owner, { level: 50, sender: owner })).toMatchObject({
    status: 400,
    body: { errcode: 'M_INVALID_PARAM' },
  });
});

test('the rules of the room bind the sender', async () => {
  const { workspace, owner, roomId } = await aRoomOf('10');
  const guest = await anOwnedUser(workspace, 'guest');
  const set = (sender: string, target: string, wanted: number) =>
    level(workspace, roomId, target, { level: wanted, sender });
  const refused = { status: 403, body: { errcode: 'M_FORBIDDEN' } };
  expect(await set(guest, guest, 100)).toMatchObject(refused);
  await askAs(workspace, guest, 'POST', inRoom(roomId, '/join'), {});
  expect(await set(guest, guest, 100)).toMatchObject(refused);
  expect(await set(owner, guest, 101)).toMatchObject(refused);
  expect(await set(owner, guest, 50)).toMatchObject({ status: 200 });
});

test('a workspace acts as its own users only, an administrator as any user here', async () => {
  const { workspace, owner, roomId } = await aRoomOf('10');
  const [{ userId: stranger }, { token, userId: by }] = [await aLoggedInUser(), await anAdministrator()];
  const set = (asToken: string, sender: string) => level({ asToken }, roomId, stranger, { level: 50, sender });
  for (const sender of [stranger, '@eve:elsewhere.example', `${owner.split(':')[0] ?? ''}-nobody:eyrie.test`]) {
    expect(await set(workspace.asToken, sender)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  }
  expect(await set(token, '@eve:elsewhere.example')).toMatchObject({ status: 403 });
  expect(await set(token, owner)).toMatchObject({ status: 200, body: { changed: true } });
  const log = await ask('GET', admin(`/audit-log?user_id=${inPath(by)}`), { token });
  expect(log.body['entries']).toMatchObject([
    { action: 'power_level', detail: { room_id: roomId, user_id: stranger, sender: owner, previous: 0, level: 50 } },
  ]);
});

test('a locked user has no role given', async () => {
  const { workspace, owner, roomId } = await aRoomOf('10');
  const { token } = await anAdministrator();
  const lock = `/_matrix/client/v1/admin/lock/${inPath(owner)}`;
  expect((await ask('PUT', lock, { token, body: { locked: true } })).status).toBe(200);
  expect(await level(workspace, roomId, '@bob:elsewhere.example', { level: 50, sender: owner })).toMatchObject({
    status: 403,
    body: { errcode: 'M_FORBIDDEN' },
  });
});

test.each([
  { level: 'high' },
  { level: 1.5 },
  { level: 2 ** 53 },
  { level: undefined },
  { level: 50, expect: 0 },
  { level: 50, sender: 'owner' },
])('a role by %j is refused', async (body) => {
  const { workspace, owner, roomId } = await aRoomOf('10');
  const { status } = await level(workspace, roomId, '@bob:elsewhere.example', { sender: owner, ...body });
  expect(status).toBe(400);
});

test('a room that is not here is not found', async () => {
  const { workspace, owner } = await aRoomOf('10');
  for (const roomId of ['!nothing:eyrie.test', 'nothing']) {
    expect(await level(workspace, roomId, owner, { level: 50, sender: owner })).toMatchObject({ status: 404 });
  }
});
