import { afterEach, beforeEach, expect, test } from 'vitest';

import { aPeer, aRoom, forgetPeers, inRoom, v3, type Peer } from '../../../../support/worker/a-peer.ts';
import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../../support/worker/ask.ts';

let alice: TestUser;
let peer: Peer;

beforeEach(async () => {
  alice = await aLoggedInUser('alice');
  peer = aPeer();
});
afterEach(async () => {
  forgetPeers();
  await allow([]);
});

async function allow(servers: readonly string[]) {
  const { token } = await anAdministrator();
  const settings = { 'federation.allow_list': servers };
  expect((await ask('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings } })).status).toBe(200);
}

const invite = async (userId: string) =>
  ask('POST', inRoom(await aRoom(alice), '/invite'), { token: alice.token, body: { user_id: userId } });
const join = (server: string) =>
  ask('POST', `${v3}/join/${encodeURIComponent(`!there:${server}`)}?via=${server}`, { token: alice.token, body: {} });
const profile = (userId: string) => ask('GET', `${v3}/profile/${encodeURIComponent(userId)}`);

const denied = { status: 403, body: { errcode: 'EYRIE_POLICY_DENIED' } };
const failed = { status: 502, body: { errcode: 'EYRIE_CONNECTION_FAILED' } };
const unknown = { status: 404, body: { errcode: 'EYRIE_USER_NOT_FOUND' } };

test('who invites a user whom their server does not know is told so, here and elsewhere', async () => {
  peer.reply('/_matrix/federation/v2/invite/', () =>
    Response.json({ errcode: 'M_NOT_FOUND', error: 'no such user' }, { status: 404 }),
  );
  expect(await invite('@nobody:eyrie.test')).toMatchObject(unknown);
  expect(await invite(peer.user('nobody'))).toMatchObject(unknown);
});

test('a server that is away is told apart from a user who is not there', async () => {
  const away = 'away.peer.example:443';
  const invited = await invite(`@eve:${away}`);
  expect(invited).toMatchObject(failed);
  expect(invited.body['error']).toMatch(/^away\.peer\.example:443 cannot be reached: (?!.*reached)/);
  expect(await join(away)).toMatchObject(failed);
  const looked = await profile(`@eve:${away}`);
  expect(looked).toMatchObject(failed);
  expect(looked.body['error']).toBe(invited.body['error']);
});

test.each(['v2/invite/', 'v1/make_join/', 'v1/query/profile'])('so is one that fails at %s', async (path) => {
  peer.reply(`/_matrix/federation/${path}`, () => Response.json({}, { status: 500 }));
  const answer =
    path === 'v2/invite/'
      ? invite(peer.user('eve'))
      : path === 'v1/make_join/'
        ? join(peer.server.name)
        : profile(peer.user('eve'));
  expect(await answer).toMatchObject(failed);
});

test.each([
  ['is none', 404, 'M_NOT_FOUND', { status: 404, body: { errcode: 'M_NOT_FOUND' } }],
  ['is hidden', 403, 'M_FORBIDDEN', { status: 403, body: { errcode: 'M_FORBIDDEN' } }],
  ['cannot be asked for', 404, 'M_UNRECOGNIZED', failed],
  ['is not told now', 429, 'M_LIMIT_EXCEEDED', failed],
])('of a profile that %s, that is told, and not that there is no such user', async (_what, status, errcode, told) => {
  peer.reply('/_matrix/federation/v1/query/profile', () => Response.json({ errcode, error: 'no' }, { status }));
  expect(await profile(peer.user('eve'))).toMatchObject(told);
});

test('what our own settings forbid is said to be that, and nothing is sent', async () => {
  await allow(['other.example']);
  expect(await invite(peer.user('eve'))).toMatchObject(denied);
  expect(await join(peer.server.name)).toMatchObject(denied);
  expect(await profile(peer.user('eve'))).toMatchObject(denied);
  expect(peer.received).toEqual([]);
});

test('where the specification has a code of its own, that is told', async () => {
  peer.reply('/_matrix/federation/v2/invite/', () =>
    Response.json({ errcode: 'M_INVITE_BLOCKED', error: 'no' }, { status: 403 }),
  );
  peer.reply('/_matrix/federation/v1/make_join/', () =>
    Response.json({ errcode: 'M_NOT_FOUND', error: 'no such room' }, { status: 404 }),
  );
  expect(await invite(peer.user('eve'))).toMatchObject({ status: 403, body: { errcode: 'M_INVITE_BLOCKED' } });
  expect(await join(peer.server.name)).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
});
