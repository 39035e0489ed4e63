import { afterEach, expect, test } from 'vitest';

import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import { signatureOf } from '../../../../../src/matrix/event/sign.ts';
import { rulesOf } from '../../../../support/core/rules-of.ts';
import { aPeer, forgetPeers, inRoom, type Peer } from '../../../../support/worker/a-peer.ts';
import { admin, aWorkspace } from '../../../../support/worker/a-workspace.ts';
import { anOwnedUser, askAs, type TestAppservice } from '../../../../support/worker/an-appservice.ts';
import { aLoggedInUser, anAdministrator, ask, askWith } from '../../../../support/worker/ask.ts';

afterEach(forgetPeers);

const v3 = '/_matrix/client/v3';
const VERSION = '12';
const as = (workspace: TestAppservice, userId: string) => (method: string, path: string, body?: unknown) =>
  askAs(workspace, userId, method, path, body);

const dm = ({ asToken }: Pick<TestAppservice, 'asToken'>, creator: string, members: readonly string[], more = {}) =>
  ask('POST', admin('/dm'), { token: asToken, body: { creator, members, ...more } });

async function twoUsers() {
  const workspace = await aWorkspace();
  const [alice, bob] = [await anOwnedUser(workspace, 'alice'), await anOwnedUser(workspace, 'bob')];
  return { workspace, alice, bob };
}

/** Another server that knows its users and signs invitations, until it is told otherwise. */
function aFriendlyPeer(): Peer {
  const peer = aPeer();
  peer.reply('/_matrix/federation/v1/version', () => ({ server: { name: 'x', version: '1' } }));
  peer.reply('/_matrix/federation/v1/query/profile', () => ({ displayname: 'Eve' }));
  peer.reply('/_matrix/federation/v2/invite/', ({ body }) => {
    const event = body?.['event'] as JsonObject;
    const { name, signingKey } = peer.server;
    const signatures = signatureOf(rulesOf(VERSION), event, name, signingKey);
    return { event: { ...event, signatures: { ...(event['signatures'] as JsonObject), ...signatures } } };
  });
  return peer;
}
const notFound = () => Response.json({ errcode: 'M_NOT_FOUND', error: 'no' }, { status: 404 });

async function memberships(workspace: TestAppservice, userId: string, roomId: string) {
  const { body } = await as(workspace, userId)('GET', inRoom(roomId, '/members'));
  const chunk = body['chunk'] as { state_key: string; content: { membership: string; is_direct?: boolean } }[];
  return Object.fromEntries(chunk.map(({ state_key: user, content }) => [user, content]));
}

test('a direct chat is made once, and found again whoever of the two asks', async () => {
  const { workspace, alice, bob } = await twoUsers();
  const made = await dm(workspace, alice, [bob], { name: 'Us' });
  const roomId = String(made.body['room_id']);
  expect(made).toMatchObject({ status: 200, body: { created: true, pending: [bob], failed: [] } });
  expect(await memberships(workspace, alice, roomId)).toMatchObject({
    [alice]: { membership: 'join' },
    [bob]: { membership: 'invite', is_direct: true },
  });
  expect((await as(workspace, alice)('GET', inRoom(roomId, '/state/m.room.name/'))).body).toEqual({ name: 'Us' });
  const again = { status: 200, body: { room_id: roomId, created: false, pending: [bob], failed: [] } };
  expect(await dm(workspace, alice, [bob, alice, bob])).toMatchObject(again);
  await as(workspace, bob)('POST', inRoom(roomId, '/join'), {});
  const joined = { status: 200, body: { room_id: roomId, created: false, pending: [] } };
  expect(await dm(workspace, alice, [bob])).toMatchObject(joined);
  expect(await dm(workspace, bob, [alice])).toMatchObject(joined);
  expect(await dm(workspace, bob, [alice], { create: false })).toMatchObject(joined);
});

test('of many equal calls at once, asked of two isolates, one makes the room and all give it', async () => {
  const { workspace, alice, bob } = await twoUsers();
  const carol = await anOwnedUser(workspace, 'carol');
  const isolates = [ask, askWith({})];
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, number) => {
      const members = number % 3 === 0 ? [bob, carol] : [carol, bob];
      const body = { creator: alice, members };
      return (isolates[number % 2] ?? ask)('POST', admin('/dm'), { token: workspace.asToken, body });
    }),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(new Set(answers.map(({ body }) => body['room_id'])).size).toBe(1);
  expect(answers.filter(({ body }) => body['created'] === true)).toHaveLength(1);
  const { body } = await as(workspace, alice)('GET', `${v3}/joined_rooms`);
  expect(body['joined_rooms']).toHaveLength(1);
});

test('a chat that a client made as a direct one, or marked as one, is found', async () => {
  const { workspace, alice, bob } = await twoUsers();
  const carol = await anOwnedUser(workspace, 'carol');
  const create = async (body: object) =>
    String((await as(workspace, alice)('POST', `${v3}/createRoom`, body)).body['room_id']);
  const direct = await create({ is_direct: true, invite: [bob] });
  await as(workspace, bob)('POST', inRoom(direct, '/join'), {});
  await as(workspace, bob)('PUT', `${v3}/profile/${encodeURIComponent(bob)}/displayname`, { displayname: 'Bob' });
  expect((await dm(workspace, alice, [bob])).body).toMatchObject({ room_id: direct, created: false });
  const plain = await create({ invite: [carol] });
  expect(await dm(workspace, alice, [carol], { create: false })).toMatchObject({
    status: 404,
    body: { errcode: 'M_NOT_FOUND' },
  });
  const path = `${v3}/user/${encodeURIComponent(alice)}/account_data/m.direct`;
  expect((await as(workspace, alice)('PUT', path, { [carol]: [plain] })).status).toBe(200);
  expect((await dm(workspace, alice, [carol])).body).toMatchObject({ room_id: plain, created: false });
});

test.each([
  ['somebody else came in', '/invite', (carol: string) => ({ user_id: carol })],
  ['somebody has left', '/leave', () => ({})],
  ['it was upgraded', '/upgrade', () => ({ new_version: '11' })],
])('once %s it is the direct chat of these no more', async (_what, rest, body) => {
  const { workspace, alice, bob } = await twoUsers();
  const carol = await anOwnedUser(workspace, 'carol');
  const first = (await dm(workspace, alice, [bob])).body['room_id'];
  const who = rest === '/leave' ? bob : alice;
  const changed = await as(workspace, who)('POST', inRoom(String(first), rest), body(carol));
  expect(changed.status).toBe(200);
  const second = await dm(workspace, alice, [bob]);
  expect(second).toMatchObject({ status: 200, body: { created: true } });
  expect(second.body['room_id']).not.toBe(first);
  expect((await dm(workspace, alice, [bob])).body).toMatchObject({ room_id: second.body['room_id'], created: false });
});

test('a user of another server is checked, and invited to a direct chat', async () => {
  const { workspace, alice } = await twoUsers();
  const peer = aFriendlyPeer();
  const eve = peer.user('eve');
  const made = await dm(workspace, alice, [eve]);
  expect(made).toMatchObject({ status: 200, body: { created: true, pending: [eve], failed: [] } });
  expect(await memberships(workspace, alice, String(made.body['room_id']))).toMatchObject({
    [eve]: { membership: 'invite', is_direct: true },
  });
  peer.received.splice(0);
  expect((await dm(workspace, alice, [eve])).body).toMatchObject({ room_id: made.body['room_id'], created: false });
  // What is there is found although the other server is away: it is not asked.
  expect(peer.received).toEqual([]);
});

test('where nobody can be invited there is no room, and why is told', async () => {
  const { workspace, alice } = await twoUsers();
  const peer = aFriendlyPeer();
  const eve = peer.user('eve');
  const rooms = async () => (await as(workspace, alice)('GET', `${v3}/joined_rooms`)).body['joined_rooms'];
  expect(await dm(workspace, alice, ['@nobody:eyrie.test'])).toMatchObject({
    status: 404,
    body: { errcode: 'EYRIE_USER_NOT_FOUND' },
  });
  expect(await dm(workspace, alice, ['@eve:away.example'])).toMatchObject({
    status: 502,
    body: { errcode: 'EYRIE_CONNECTION_FAILED' },
  });
  peer.reply('/_matrix/federation/v2/invite/', () =>
    Response.json({ errcode: 'M_INVITE_BLOCKED', error: 'no' }, { status: 403 }),
  );
  expect(await dm(workspace, alice, [eve])).toMatchObject({ status: 403, body: { errcode: 'M_INVITE_BLOCKED' } });
  expect(await rooms()).toEqual([]);
  const { token } = await anAdministrator();
  const allow = (servers: readonly string[]) =>
    ask('PUT', admin('/settings'), { token, body: { settings: { 'federation.allow_list': servers } } });
  await allow(['other.example']);
  expect(await dm(workspace, alice, [eve])).toMatchObject({ status: 403, body: { errcode: 'EYRIE_POLICY_DENIED' } });
  await allow([]);
  expect(await rooms()).toEqual([]);
});

test('whom it was not possible to invite is told, and invited by the same call later', async () => {
  const { workspace, alice, bob } = await twoUsers();
  const peer = aFriendlyPeer();
  const eve = peer.user('eve');
  peer.reply('/_matrix/federation/v1/query/profile', notFound);
  const made = await dm(workspace, alice, [bob, eve]);
  expect(made).toMatchObject({
    status: 200,
    body: {
      created: true,
      pending: [bob],
      failed: [{ user_id: eve, reason: 'federation-user-not-found', error: expect.stringContaining(eve) }],
    },
  });
  peer.reply('/_matrix/federation/v1/query/profile', () => ({}));
  const again = { room_id: made.body['room_id'], created: false, pending: [bob, eve], failed: [] };
  expect((await dm(workspace, alice, [bob, eve])).body).toEqual(again);
  expect((await dm(workspace, alice, [bob, eve])).body).toEqual(again);
  // Who was invited into a chat that was there is in the log, once.
  const { token } = await anAdministrator();
  const log = await ask('GET', admin(`/audit-log?appservice_id=${workspace.id}`), { token });
  const detail = { room_id: made.body['room_id'], creator: alice };
  expect(log.body['entries']).toMatchObject([
    { user_id: workspace.id, action: 'direct_room_invite', detail: { ...detail, members: [eve] } },
    { user_id: workspace.id, action: 'direct_room', detail: { ...detail, members: [bob, eve] } },
  ]);
});

test('all in a direct chat may do the same', async () => {
  const { workspace, alice, bob } = await twoUsers();
  const roomId = String((await dm(workspace, alice, [bob])).body['room_id']);
  await as(workspace, bob)('POST', inRoom(roomId, '/join'), {});
  const renamed = await as(workspace, bob)('PUT', inRoom(roomId, '/state/m.room.name/'), { name: 'Ours' });
  expect(renamed.status).toBe(200);
});

test('a workspace opens direct chats of its own users only, an administrator those of any user here', async () => {
  const { workspace, alice, bob } = await twoUsers();
  const [stranger, { token, userId: by }] = [await aLoggedInUser(), await anAdministrator()];
  for (const creator of [stranger.userId, '@eve:elsewhere.example']) {
    expect(await dm(workspace, creator, [bob])).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  }
  expect(await dm({ asToken: token }, stranger.userId, [alice])).toMatchObject({ status: 200 });
  const log = await ask('GET', admin(`/audit-log?action=direct_room&user_id=${encodeURIComponent(by)}`), { token });
  expect(log.body['entries']).toMatchObject([{ detail: { creator: stranger.userId, members: [alice] } }]);
});

test.each([
  { members: [] },
  { members: ['bob'] },
  { members: 'bob' },
  { creator: 'alice' },
  { members: Array.from({ length: 51 }, (_, number) => `@user${number}:eyrie.test`) },
  { name: 'n'.repeat(256) },
  { create: 'yes' },
  { is_direct: true },
])('a direct chat by %j is refused', async (body) => {
  const { workspace, alice, bob } = await twoUsers();
  expect((await dm(workspace, alice, [bob], body)).status).toBe(400);
  expect((await dm(workspace, alice, [alice])).status).toBe(400);
});
