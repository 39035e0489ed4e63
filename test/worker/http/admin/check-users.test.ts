import { afterEach, expect, test, vi } from 'vitest';

import { aPeer, aRoom, forgetPeers, v3, type Peer } from '../../../support/worker/a-peer.ts';
import { aWorkspace } from '../../../support/worker/a-workspace.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';

afterEach(forgetPeers);

const PATH = '/_eyrie/admin/v1/users/check';
const VERSION = '/_matrix/federation/v1/version';
const PROFILE = '/_matrix/federation/v1/query/profile';
const refusal = (status: number, errcode: string) => () => Response.json({ errcode, error: 'no' }, { status });

async function checked(userIds: readonly string[], more: object = {}) {
  const { token } = await anAdministrator();
  const { status, body } = await ask('POST', PATH, { token, body: { user_ids: userIds, ...more } });
  expect(status).toBe(200);
  return body['results'] as Record<string, object>;
}

/** A peer that is there, and answers so for profiles. */
function aPeerWith(profile: Parameters<Peer['reply']>[1]): Peer {
  const peer = aPeer();
  peer.reply(VERSION, () => ({ server: { name: 'x', version: '1' } }));
  peer.reply(PROFILE, profile);
  return peer;
}

test('only administrators have users checked', async () => {
  const { token } = await aLoggedInUser();
  const body = { user_ids: ['@a:example.com'] };
  expect(await ask('POST', PATH, { body })).toMatchObject({ status: 401 });
  expect(await ask('POST', PATH, { token, body })).toMatchObject({ status: 403 });
});

test('a user whose server tells the profile is fit, and one that it does not know is not', async () => {
  const peer = aPeerWith(({ target }) =>
    decodeURIComponent(target).includes('@eve:')
      ? { displayname: 'Eve', avatar_url: 'mxc://x/y', other: 1 }
      : refusal(404, 'M_NOT_FOUND')(),
  );
  const [eve, mallory] = [peer.user('eve'), peer.user('mallory')];
  expect(await checked([eve, mallory, eve])).toEqual({
    [eve]: {
      result: 'ok',
      reason: null,
      verification: 'VERIFIED',
      displayname: 'Eve',
      avatar_url: 'mxc://x/y',
      elapsed_ms: expect.any(Number),
    },
    [mallory]: {
      result: 'user-not-found',
      reason: 'federation-user-not-found',
      verification: 'UNVERIFIED',
      error: 'answered 404 M_NOT_FOUND no',
      elapsed_ms: expect.any(Number),
    },
  });
  expect(peer.received.filter(({ target }) => target === VERSION)).toHaveLength(1);
  expect(peer.received.filter(({ target }) => target.startsWith(PROFILE))).toHaveLength(2);
});

test.each([
  ['hides profiles', refusal(403, 'M_FORBIDDEN'), 'undisclosed', 'federation-profile-hidden'],
  ['does not know the endpoint', refusal(404, 'M_UNRECOGNIZED'), 'connection-failed', 'federation-connection-failed'],
  ['fails', refusal(500, 'M_UNKNOWN'), 'connection-failed', 'federation-connection-failed'],
  ['answers no JSON', () => new Response('<p>'), 'connection-failed', 'federation-connection-failed'],
])('of a user whose server %s nothing is known', async (_what, profile, result, reason) => {
  const eve = aPeerWith(profile).user('eve');
  expect(await checked([eve])).toMatchObject({ [eve]: { result, reason, verification: 'UNABLE_TO_VERIFY' } });
});

test('of a server that is not there no profile is asked, and a slow one is given up', async () => {
  const peer = aPeer();
  peer.reply(VERSION, refusal(502, 'M_UNKNOWN'));
  const [eve, nobody] = [peer.user('eve'), '@a:nowhere.example:443'];
  const failed = { result: 'connection-failed', error: expect.any(String) };
  expect(await checked([eve, nobody])).toMatchObject({ [eve]: failed, [nobody]: failed });
  expect(peer.received.map(({ target }) => target)).toEqual([VERSION]);
  const slow = aPeer();
  vi.mocked(globalThis.fetch).mockImplementation(
    (_url, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new Error()))),
  );
  const late = slow.user('eve');
  expect(await checked([late], { network_timeout_ms: 100 })).toMatchObject({
    [late]: { result: 'connection-failed', error: 'did not answer within 100 ms' },
  });
  const { token } = await anAdministrator();
  const usual = (ms: number) =>
    ask('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings: { 'check.network_timeout_ms': ms } } });
  await usual(120);
  expect(await checked([late])).toMatchObject({ [late]: { error: 'did not answer within 120 ms' } });
  await usual(5_000);
});

test('what our settings forbid is not sent', async () => {
  const { token } = await anAdministrator();
  const put = (list: readonly string[]) =>
    ask('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings: { 'federation.allow_list': list } } });
  const peer = aPeerWith(() => ({}));
  await put(['example.com']);
  const [eve, evil] = [peer.user('eve'), '@a:evil-example.com'];
  const denied = { result: 'policy-denied', reason: 'federation-policy-denied', verification: 'UNABLE_TO_VERIFY' };
  expect(await checked([eve, evil])).toMatchObject({ [eve]: denied, [evil]: denied });
  expect(vi.mocked(globalThis.fetch)).not.toHaveBeenCalled();
  await put([]);
});

test('a server that the ACL of the room keeps out is not asked', async () => {
  const alice = await aLoggedInUser('alice');
  const [peer, friend] = [aPeerWith(() => ({})), aPeerWith(() => ({}))];
  const acl = { allow: ['*'], deny: [peer.server.name.replace(':443', '')] };
  const roomId = await aRoom(alice, {
    initial_state: [{ type: 'm.room.server_acl', state_key: '', content: acl }],
  });
  const [eve, fay] = [peer.user('eve'), friend.user('fay')];
  expect(await checked([eve, fay], { room_id: roomId })).toMatchObject({
    [eve]: { result: 'policy-denied', error: expect.stringContaining('ACL') },
    [fay]: { result: 'ok' },
  });
  expect(peer.received).toEqual([]);
  expect(await checked([eve])).toMatchObject({ [eve]: { result: 'ok' } });
  const { asToken } = await aWorkspace();
  const check = (more: object) => ask('POST', PATH, { token: asToken, body: { user_ids: [fay], ...more } });
  expect(await check({})).toMatchObject({ status: 200, body: { results: { [fay]: { result: 'ok' } } } });
  expect(await check({ room_id: roomId })).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  expect(await check({ room_id: '!nothing:eyrie.test' })).toMatchObject({ status: 404 });
});

test('users of this server are looked up here', async () => {
  const { userId, token } = await aLoggedInUser();
  await ask('PUT', `${v3}/profile/${userId}/displayname`, { token, body: { displayname: 'Here' } });
  const nobody = userId.replace('@', '@no');
  expect(await checked([userId, nobody])).toMatchObject({
    [userId]: { result: 'ok', displayname: 'Here' },
    [nobody]: { result: 'user-not-found' },
  });
});

test.each([
  { user_ids: [] },
  { user_ids: Array.from({ length: 51 }, (_each, index) => `@u${index}:a.example`) },
  { user_ids: ['alice'] },
  { user_ids: ['@a:a.example'], network_timeout_ms: 99 },
  { user_ids: ['@a:a.example'], user_timeout_ms: 30_001 },
  { user_ids: ['@a:a.example'], room: '!room:eyrie.test' },
])('a check with %j is refused', async (body) => {
  const { token } = await anAdministrator();
  expect(await ask('POST', PATH, { token, body })).toMatchObject({ status: 400 });
});
