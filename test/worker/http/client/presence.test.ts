import { expect, test, vi, afterEach } from 'vitest';

import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { aPeer, aRoom, forgetPeers, joinFrom, type Peer } from '../../../support/worker/a-peer.ts';
import { anAdministrator, ask } from '../../../support/worker/ask.ts';
import { aClient, type Client, type ShownEvent } from '../../../support/worker/client.ts';

afterEach(forgetPeers);
vi.setConfig({ testTimeout: 30_000 });

const PATIENT = { timeout: 15_000 };
const away = { set_presence: 'offline' };
const statusOf = (viewer: Client, userId: string) =>
  viewer.ask('GET', `/presence/${encodeURIComponent(userId)}/status`);
const set = (user: Client, body: object) =>
  user.ask('PUT', `/presence/${encodeURIComponent(user.userId)}/status`, body);

type WithPresence = { readonly presence?: { readonly events: readonly ShownEvent[] } };
const seenOf = (body: object, userId: string) =>
  (body as WithPresence).presence?.events.findLast(({ sender }) => sender === userId)?.content;

/** Two users who share a room, and are away. */
async function aPair(): Promise<{ alice: Client; bob: Client; roomId: string }> {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create();
  await bob.join(roomId);
  await bob.syncUntil(({ rooms }) => rooms?.join?.[roomId] !== undefined, away);
  return { alice, bob, roomId };
}

/** Syncs on until somebody is shown as wanted. */
async function until(viewer: Client, userId: string, isWanted: (content: Record<string, unknown>) => boolean) {
  let body = await viewer.sync(away);
  for (;;) {
    const content = seenOf(body, userId);
    if (content !== undefined && isWanted(content)) return content;
    body = await viewer.sync({ ...away, since: body.next_batch, timeout: '5000' });
  }
}

test('what a user sets is seen by who shares a room, also in another shard, and by nobody else', async () => {
  const { alice, bob } = await aPair();
  // A shard of the tests has few accounts: some of these are in another one.
  const strangers = [await aClient('carol'), await aClient('dora'), await aClient('emil')];
  expect((await set(alice, { presence: 'online', status_msg: 'in a meeting' })).status).toBe(200);
  expect(await until(bob, alice.userId, ({ presence }) => presence === 'online')).toMatchObject({
    presence: 'online',
    status_msg: 'in a meeting',
    currently_active: true,
  });
  expect((await statusOf(bob, alice.userId)).body).toMatchObject({ presence: 'online', status_msg: 'in a meeting' });
  for (const stranger of strangers) {
    expect(await statusOf(stranger, alice.userId)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
    expect(seenOf(await stranger.sync(away), alice.userId)).toBeUndefined();
  }
});

test('who syncs is online, unless they say otherwise', async () => {
  const { alice, bob } = await aPair();
  expect((await statusOf(bob, alice.userId)).body).toMatchObject({ presence: 'offline' });
  await alice.sync({ set_presence: 'unavailable' });
  expect((await statusOf(bob, alice.userId)).body).toMatchObject({ presence: 'unavailable' });
  await alice.sync();
  expect((await statusOf(bob, alice.userId)).body).toMatchObject({ presence: 'online', currently_active: true });
  await set(alice, { presence: 'offline' });
  expect(await until(bob, alice.userId, ({ presence }) => presence === 'offline')).toBeDefined();
});

test('a filter and the ignore list go for presence too', async () => {
  const { alice, bob } = await aPair();
  await set(alice, { presence: 'online' });
  await until(bob, alice.userId, ({ presence }) => presence === 'online');
  expect(seenOf(await bob.sync({ ...away, filter: { presence: { not_types: ['*'] } } }), alice.userId)).toBeUndefined();
  const ignored = { ignored_users: { [alice.userId]: {} } };
  await bob.ask('PUT', `/user/${bob.userId}/account_data/m.ignored_user_list`, ignored);
  expect(seenOf(await bob.sync(away), alice.userId)).toBeUndefined();
});

test.each([
  ['another user', (bob: string) => `/presence/${bob}/status`, { presence: 'online' }, '403 M_FORBIDDEN'],
  ['a state that is none', (_: string, me: string) => `/presence/${me}/status`, { presence: 'busy' }, '400 M_BAD_JSON'],
  ['no state', (_: string, me: string) => `/presence/${me}/status`, {}, '400 M_MISSING_PARAM'],
  [
    'too long a status',
    (_: string, me: string) => `/presence/${me}/status`,
    { presence: 'online', status_msg: 'x'.repeat(2_000) },
    '400 M_BAD_JSON',
  ],
])('setting %s is refused', async (_what, path, body, expected) => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const answer = await alice.ask('PUT', path(bob.userId, alice.userId), body);
  expect(`${answer.status} ${String(answer.body['errcode'])}`).toBe(expected);
});

test('a sync that shows its user as nothing known is refused', async () => {
  const alice = await aClient('alice');
  expect((await alice.ask('GET', '/sync?set_presence=busy')).body).toMatchObject({ errcode: 'M_INVALID_PARAM' });
});

test('of users that are not there nothing is known', async () => {
  const alice = await aClient('alice');
  for (const userId of ['@nobody:eyrie.test', '@far:away.example']) {
    expect(await statusOf(alice, userId)).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
  }
});

async function aSharedRoom(peer: Peer) {
  const alice = await aClient('alice');
  const roomId = await aRoom(alice);
  const eve = await joinFrom(peer, roomId);
  await alice.syncUntil(({ rooms }) => rooms?.join?.[roomId] !== undefined, away);
  return { alice, eve, roomId };
}

const pushOf = (peer: Peer): readonly JsonObject[] =>
  peer
    .edus()
    .filter(({ edu_type: type }) => type === 'm.presence')
    .flatMap(({ content }) => (content as { push: JsonObject[] }).push);

const send = (peer: Peer, ...push: readonly JsonObject[]) =>
  peer.send({ edus: [{ edu_type: 'm.presence', content: { push } }] });

test('other servers in the user’s rooms are told, in a push list', async () => {
  const peer = aPeer();
  const { alice } = await aSharedRoom(peer);
  await set(alice, { presence: 'online', status_msg: 'here' });
  await vi.waitFor(() => {
    expect(pushOf(peer)).toContainEqual({
      user_id: alice.userId,
      presence: 'online',
      status_msg: 'here',
      currently_active: true,
      last_active_ago: expect.any(Number) as number,
    });
  }, PATIENT);
});

test('how another server’s users are is seen by who shares a room with them', async () => {
  const peer = aPeer();
  const { alice, eve } = await aSharedRoom(peer);
  // Who is told to be present looks for others.
  await set(alice, { presence: 'online' });
  const carol = await aClient('carol');
  await set(carol, { presence: 'online' });
  const update = { user_id: eve.userId, presence: 'online', last_active_ago: 5_000, currently_active: true };
  await send(peer, { ...update, status_msg: 'far away' });
  expect(await until(alice, eve.userId, () => true)).toMatchObject({ presence: 'online', status_msg: 'far away' });
  expect((await statusOf(alice, eve.userId)).body).toMatchObject({ presence: 'online', currently_active: true });
  expect((await statusOf(carol, eve.userId)).status).toBe(404);
});

test('what a server tells of several users at once comes in one sync', async () => {
  const peer = aPeer();
  const { alice, eve, roomId } = await aSharedRoom(peer);
  const frank = await joinFrom(peer, roomId, 'frank');
  await set(alice, { presence: 'online' });
  const isNews = (body: object) => [eve, frank].some(({ userId }) => seenOf(body, userId) !== undefined);
  const firstNews = async () => {
    let body = await alice.sync(away);
    while (!isNews(body)) body = await alice.sync({ ...away, since: body.next_batch, timeout: '5000' });
    return body;
  };
  const waiting = firstNews();
  const update = { presence: 'online', last_active_ago: 5_000, currently_active: true };
  await send(peer, { ...update, user_id: eve.userId }, { ...update, user_id: frank.userId });
  const news = await waiting;
  for (const { userId } of [eve, frank]) expect(seenOf(news, userId)).toMatchObject({ presence: 'online' });
});

test('a server tells nothing of users of another, and nothing of no shape', async () => {
  const peer = aPeer();
  const { alice, eve } = await aSharedRoom(peer);
  const bob = await aClient('bob');
  await set(alice, { presence: 'online' });
  const update = { presence: 'unavailable', last_active_ago: 1 };
  await send(peer, { ...update, user_id: alice.userId }, { ...update, user_id: bob.userId }, { user_id: eve.userId });
  for (const content of [null, [], {}, { push: {} }, { push: [null, 1, 'x', { presence: 'online' }] }]) {
    expect((await peer.send({ edus: [{ edu_type: 'm.presence', content }] })).status).toBe(200);
  }
  await send(peer, { ...update, user_id: eve.userId });
  await until(alice, eve.userId, () => true);
  expect((await statusOf(alice, alice.userId)).body).toMatchObject({ presence: 'online' });
});

test('what is switched off neither comes nor leaves', async () => {
  const peer = aPeer();
  const { alice, eve } = await aSharedRoom(peer);
  const { token } = await anAdministrator();
  const turn = (isOn: boolean) =>
    ask('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings: { 'edu.presence': isOn } } });
  await turn(false);
  try {
    await set(alice, { presence: 'online', status_msg: 'secret' });
    const update = { presence: 'online', last_active_ago: 1, user_id: eve.userId };
    await send(peer, update);
    expect((await statusOf(alice, eve.userId)).status).toBe(404);
  } finally {
    await turn(true);
  }
  await set(alice, { presence: 'unavailable', status_msg: 'open' });
  await vi.waitFor(() => expect(pushOf(peer)).toContainEqual(expect.objectContaining({ status_msg: 'open' })), PATIENT);
  expect(JSON.stringify(pushOf(peer))).not.toContain('secret');
});
