import { afterEach, expect, test } from 'vitest';

import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import { aPeer, aRoom, forgetPeers, inRoom, joinFrom, serverName, v3 } from '../../../../support/worker/a-peer.ts';
import { aLoggedInUser, ask, type TestUser } from '../../../../support/worker/ask.ts';

afterEach(forgetPeers);

interface Page {
  readonly chunk: readonly JsonObject[];
  readonly next_batch?: string;
  readonly prev_batch?: string;
  readonly total_room_count_estimate?: number;
}

async function search({ token }: TestUser, body: object, server = ''): Promise<Page> {
  const answer = await ask('POST', `${v3}/publicRooms${server}`, { token, body });
  expect(answer).toMatchObject({ status: 200 });
  return answer.body as unknown as Page;
}

const found = (user: TestUser, term: string) => search(user, { filter: { generic_search_term: term } });
const ids = ({ chunk }: Page) => chunk.map(({ room_id: roomId }) => roomId);
const word = () => `w${crypto.randomUUID().slice(0, 8)}`;

test('a published room is shown with what it says of itself, and another one is not', async () => {
  const alice = await aLoggedInUser('alice');
  const name = word();
  await aRoom(alice, { name });
  const alias = word();
  const roomId = await aRoom(alice, {
    visibility: 'public',
    name: `The ${name} ÉTAGE`,
    topic: 'What it is about',
    room_alias_name: alias,
    creation_content: { type: 'm.space' },
    initial_state: [
      { type: 'm.room.history_visibility', content: { history_visibility: 'world_readable' } },
      { type: 'm.room.guest_access', content: { guest_access: 'can_join' } },
      { type: 'm.room.avatar', content: { url: 'mxc://us.test/picture' } },
    ],
  });
  const shown = {
    room_id: roomId,
    name: `The ${name} ÉTAGE`,
    topic: 'What it is about',
    canonical_alias: `#${alias}:${serverName}`,
    avatar_url: 'mxc://us.test/picture',
    num_joined_members: 1,
    world_readable: true,
    guest_can_join: true,
    join_rule: 'public',
    room_type: 'm.space',
  };
  expect((await found(alice, name.toUpperCase())).chunk).toEqual([shown]);
  expect(ids(await found(alice, `${name} étage`))).toEqual([roomId]);
  expect(ids(await found(alice, `#${alias}:`))).toEqual([roomId]);
});

test('a search knows the types of rooms', async () => {
  const alice = await aLoggedInUser('alice');
  const name = word();
  const plain = await aRoom(alice, { visibility: 'public', name });
  const space = await aRoom(alice, { visibility: 'public', name, creation_content: { type: 'm.space' } });
  const of = async (roomTypes: readonly (string | null)[]) =>
    ids(await search(alice, { filter: { generic_search_term: name, room_types: roomTypes } }));
  expect(await of(['m.space'])).toEqual([space]);
  expect(await of([null])).toEqual([plain]);
  expect(new Set(await of([null, 'm.space']))).toEqual(new Set([plain, space]));
  expect(await of(['org.example.other'])).toEqual([]);
});

test('larger rooms come first, and pages lead there and back', async () => {
  const alice = await aLoggedInUser('alice');
  const bob = await aLoggedInUser('bob');
  const name = word();
  const filter = { generic_search_term: name };
  const small = [
    await aRoom(alice, { visibility: 'public', name }),
    await aRoom(alice, { visibility: 'public', name }),
  ];
  const large = await aRoom(alice, { visibility: 'public', name });
  expect((await ask('POST', inRoom(large, '/join'), { token: bob.token, body: {} })).status).toBe(200);
  const [second, third] = small.toSorted().toReversed();

  const first = await search(alice, { filter, limit: 2 });
  expect(ids(first)).toEqual([large, second]);
  expect(first.prev_batch).toBeUndefined();
  expect(first.total_room_count_estimate).toBeGreaterThanOrEqual(0);
  const last = await search(alice, { filter, limit: 2, since: first.next_batch });
  expect(ids(last)).toEqual([third]);
  expect(last.next_batch).toBeUndefined();
  const back = await search(alice, { filter, limit: 1, since: last.prev_batch });
  expect(ids(back)).toEqual([second]);
  const top = await search(alice, { filter, limit: 5, since: back.prev_batch });
  expect(ids(top)).toEqual([large]);
  expect(top.prev_batch).toBeUndefined();
  expect(ids(await search(alice, { filter, limit: 5, since: top.next_batch }))).toEqual([second, third]);
});

test('a room is published and taken out, renamed and left', async () => {
  const alice = await aLoggedInUser('alice');
  const { token } = alice;
  const name = word();
  const roomId = await aRoom(alice, { name });
  const list = (visibility: string) =>
    ask('PUT', `${v3}/directory/list/room/${encodeURIComponent(roomId)}`, { token, body: { visibility } });
  await list('public');
  expect(ids(await found(alice, name))).toEqual([roomId]);
  await list('private');
  expect(ids(await found(alice, name))).toEqual([]);
  await list('public');
  const other = word();
  await ask('PUT', inRoom(roomId, '/state/m.room.name'), { token, body: { name: other } });
  // What follows waits for the projection, which is given changes in their order.
  const bob = await aLoggedInUser('bob');
  await ask('POST', inRoom(roomId, '/join'), { token: bob.token, body: {} });
  expect(ids(await found(alice, name))).toEqual([]);
  expect((await found(alice, other)).chunk).toMatchObject([{ name: other, num_joined_members: 2 }]);
  await ask('POST', inRoom(roomId, '/leave'), { token: bob.token, body: {} });
  await ask('POST', inRoom(roomId, '/leave'), { token, body: {} });
  expect(ids(await found(alice, other))).toEqual([]);
});

test('a room whose members are all elsewhere is not ours to show', async () => {
  const alice = await aLoggedInUser('alice');
  const name = word();
  const roomId = await aRoom(alice, { visibility: 'public', name });
  await joinFrom(aPeer(), roomId);
  await ask('POST', inRoom(roomId, '/leave'), { token: alice.token, body: {} });
  expect(ids(await found(alice, name))).toEqual([]);
});

test('everybody may see the list of this server', async () => {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice, { visibility: 'public', name: word() });
  const pages: Page[] = [];
  let since: string | undefined;
  do {
    const query = since === undefined ? '' : `&since=${encodeURIComponent(since)}`;
    const answer = await ask('GET', `${v3}/publicRooms?limit=5${query}`);
    expect(answer.status).toBe(200);
    pages.push(answer.body as unknown as Page);
    since = pages.at(-1)?.next_batch;
  } while (since !== undefined);
  expect(pages.flatMap(ids)).toContain(roomId);
  expect((await ask('POST', `${v3}/publicRooms`, { body: {} })).status).toBe(401);
});

test('networks of application services have no rooms', async () => {
  const alice = await aLoggedInUser('alice');
  await aRoom(alice, { visibility: 'public', name: word() });
  expect((await search(alice, { third_party_instance_id: 'irc' })).chunk).toEqual([]);
  expect((await search(alice, { third_party_instance_id: 'irc', include_all_networks: true })).chunk).not.toEqual([]);
});

test.each([
  ['GET', '?limit=x', undefined, 'M_INVALID_PARAM'],
  ['GET', '?since=x', undefined, 'M_INVALID_PARAM'],
  ['GET', '?since=f1_room', undefined, 'M_INVALID_PARAM'],
  ['GET', '?server=not%20a%20server', undefined, 'M_INVALID_PARAM'],
  ['POST', '', { limit: -1 }, 'M_BAD_JSON'],
  ['POST', '', { filter: { room_types: 'm.space' } }, 'M_BAD_JSON'],
])('%s %s %j is refused', async (method, query, body, errcode) => {
  const { token } = await aLoggedInUser('alice');
  const answer = await ask(method, `${v3}/publicRooms${query}`, { token, ...(body === undefined ? {} : { body }) });
  expect(answer).toMatchObject({ status: 400, body: { errcode } });
});

const theirs = { room_id: '!far:peer.test', num_joined_members: 9, world_readable: true, guest_can_join: false };

test('the list of another server is asked there, and what is no room is left out', async () => {
  const alice = await aLoggedInUser('alice');
  const peer = aPeer();
  const { name } = peer.server;
  peer.reply('/_matrix/federation/v1/publicRooms', () => ({
    chunk: [{ ...theirs, name: 'Far', secret: 1 }, { room_id: 'x' }, {}],
    next_batch: 'more',
    total_room_count_estimate: 30,
  }));
  const path = `${v3}/publicRooms?server=${encodeURIComponent(name)}`;
  const answer = await ask('GET', `${path}&limit=3&since=a%2Fb`, { token: alice.token });
  expect(answer).toMatchObject({ status: 200 });
  expect(answer.body).toEqual({
    chunk: [{ ...theirs, name: 'Far' }],
    next_batch: 'more',
    total_room_count_estimate: 30,
  });
  await search(
    alice,
    { filter: { generic_search_term: 'far', room_types: [null] }, limit: 3 },
    `?server=${encodeURIComponent(name)}`,
  );
  const asked = peer.received.filter(({ target }) => target.includes('publicRooms'));
  expect(asked).toMatchObject([
    { method: 'GET', target: '/_matrix/federation/v1/publicRooms?limit=3&since=a%2Fb' },
    { method: 'POST', body: { limit: 3, filter: { generic_search_term: 'far', room_types: [null] } } },
  ]);
  expect((await ask('GET', path)).status).toBe(401);
});

test('another server that refuses, or is away', async () => {
  const { token } = await aLoggedInUser('alice');
  const peer = aPeer();
  peer.reply('/_matrix/federation/v1/publicRooms', () =>
    Response.json({ errcode: 'M_FORBIDDEN', error: 'not for you' }, { status: 403 }),
  );
  const path = `${v3}/publicRooms?server=${encodeURIComponent(peer.server.name)}`;
  expect(await ask('GET', path, { token })).toMatchObject({ status: 403, body: { error: 'not for you' } });
  const away = await ask('GET', `${v3}/publicRooms?server=away.example:443`, { token });
  expect(away).toMatchObject({ status: 502, body: { errcode: 'EYRIE_CONNECTION_FAILED' } });
});
