import { afterEach, beforeEach, expect, test } from 'vitest';

import { aPeer, aRoom, forgetPeers, inRoom, joinFrom, v3, type Peer } from '../../../../support/worker/a-peer.ts';
import { admin, aWorkspace, inPath } from '../../../../support/worker/a-workspace.ts';
import { anOwnedUser, askAs, type TestAppservice } from '../../../../support/worker/an-appservice.ts';
import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../../support/worker/ask.ts';

let administrator: TestUser;
let alice: TestUser;
let workspace: TestAppservice;
let user: string;
let peer: Peer;

beforeEach(async () => {
  administrator = await anAdministrator();
  alice = await aLoggedInUser('alice');
  workspace = await aWorkspace();
  user = await anOwnedUser(workspace);
  peer = aPeer();
  await turn(true);
});
afterEach(async () => {
  forgetPeers();
  await turn(false);
});

async function turn(on: boolean) {
  const body = { settings: { 'users.validate_domain': on } };
  expect((await ask('PUT', admin('/settings'), { token: administrator.token, body })).status).toBe(200);
}

const say = (allowed: boolean | null, userId = user, token = workspace.asToken) =>
  ask('PUT', admin(`/users/${inPath(userId)}/federation`), { token, body: { allowed } });
const as = (method: string, path: string, body: object = {}) => askAs(workspace, user, method, path, body);

const refused = { status: 403, body: { errcode: 'EYRIE_USER_NOT_ELIGIBLE' } };
/** What each way asks of the other server first, once the user may. */
const ASKED = ['/v1/make_join/', '/v1/make_knock/', '/v2/invite/', '/v1/version'];
const asked = () => ASKED.filter((path) => peer.received.some(({ target }) => target.includes(path)));

/** Everything by which a user comes into a room with other servers. */
async function ways() {
  peer.received.length = 0;
  const there = inPath(`!there:${peer.server.name}`);
  const via = `?via=${peer.server.name}`;
  const own = await as('POST', `${v3}/createRoom`, { room_version: '11' });
  const invite = inRoom(String(own.body['room_id']), '/invite');
  return [
    await as('POST', `${v3}/join/${there}${via}`),
    await as('POST', `${v3}/knock/${there}${via}`),
    await as('POST', invite, { user_id: peer.user('eve') }),
    await ask('POST', admin('/dm'), {
      token: workspace.asToken,
      body: { creator: user, members: [peer.user('eve')] },
    }),
  ];
}

test('who was not said to be fit comes into no room of other servers, and nothing is sent', async () => {
  for (const answer of await ways()) expect(answer).toMatchObject(refused);
  expect(peer.received).toEqual([]);
  expect(await say(false)).toMatchObject({ status: 200, body: { allowed: false } });
  for (const answer of await ways()) expect(answer).toMatchObject(refused);
  expect(peer.received).toEqual([]);
});

test('who was said to be fit does, until that is taken back', async () => {
  expect(await say(true)).toMatchObject({ status: 200, body: { allowed: true } });
  for (const answer of await ways()) expect(answer.body['errcode']).not.toBe('EYRIE_USER_NOT_ELIGIBLE');
  expect(asked()).toEqual(ASKED);
  await say(null);
  for (const answer of await ways()) expect(answer).toMatchObject(refused);
  expect(asked()).toEqual([]);
});

test('while the setting is off everybody does, whatever was said', async () => {
  await say(false);
  await turn(false);
  for (const answer of await ways()) expect(answer.body['errcode']).not.toBe('EYRIE_USER_NOT_ELIGIBLE');
  expect(asked()).toEqual(ASKED);
});

test('a room here is open to such a user while no other server is in it', async () => {
  const [quiet, shared] = [await aRoom(alice), await aRoom(alice)];
  await joinFrom(peer, shared);
  expect(await as('POST', inRoom(quiet, '/join'))).toMatchObject({ status: 200 });
  expect(await as('POST', inRoom(shared, '/join'))).toMatchObject(refused);
  const member = inRoom(shared, `/state/m.room.member/${inPath(user)}`);
  expect(await as('PUT', member, { membership: 'join' })).toMatchObject(refused);
  await say(true);
  expect(await as('POST', inRoom(shared, '/join'))).toMatchObject({ status: 200 });
});

test('another server cannot invite such a user', async () => {
  const eve = await joinFrom(peer, await aRoom(alice));
  const roomId = `!there:${peer.server.name}`;
  const content = { membership: 'invite' };
  const put = async () => {
    const invite = eve.event({ roomId: roomId as never, type: 'm.room.member', stateKey: user, content });
    const path = `/_matrix/federation/v2/invite/${inPath(roomId)}/${inPath(invite.eventId)}`;
    const create = { type: 'm.room.create', sender: eve.userId, state_key: '', content: { room_version: '11' } };
    return peer.ask('PUT', path, { room_version: '11', event: invite.json, invite_room_state: [create] });
  };
  expect(await put()).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  await say(true);
  expect(await put()).toMatchObject({ status: 200 });
});

test('a workspace speaks of its own users only, an administrator of all here', async () => {
  const forbidden = { status: 403, body: { errcode: 'M_FORBIDDEN' } };
  for (const other of [alice.userId, peer.user('eve')]) expect(await say(true, other)).toMatchObject(forbidden);
  expect(await say(true, '@eve:elsewhere.example', administrator.token)).toMatchObject(forbidden);
  expect(await say(true, '@nobody:eyrie.test', administrator.token)).toMatchObject({ status: 404 });
  expect(await say(true, alice.userId, administrator.token)).toMatchObject({ status: 200 });
  const log = await ask('GET', admin(`/audit-log?user_id=${inPath(administrator.userId)}&action=user_federation`), {
    token: administrator.token,
  });
  expect(log.body['entries']).toMatchObject([{ detail: { user_id: alice.userId, allowed: true } }]);
  for (const body of [{}, { allowed: 'yes' }, { allowed: true, reason: 'x' }]) {
    const path = admin(`/users/${inPath(user)}/federation`);
    expect((await ask('PUT', path, { token: workspace.asToken, body })).status).toBe(400);
  }
});
