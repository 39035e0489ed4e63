import { afterEach, expect, test, vi } from 'vitest';

import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import { aPeer, aRoom, forgetPeers, inRoom, serverName, type Peer } from '../../../../support/worker/a-peer.ts';
import { aLoggedInUser, ask, type TestUser } from '../../../../support/worker/ask.ts';

afterEach(forgetPeers);
vi.setConfig({ testTimeout: 20_000 });

interface Page {
  readonly rooms: readonly (JsonObject & {
    readonly room_id: string;
    readonly children_state: readonly JsonObject[];
  })[];
  readonly next_batch?: string;
}

async function hierarchy({ token }: TestUser, roomId: string, query = ''): Promise<Page> {
  const answer = await ask('GET', `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/hierarchy${query}`, {
    token,
  });
  expect(answer).toMatchObject({ status: 200 });
  return answer.body as unknown as Page;
}

const ids = ({ rooms }: Page) => rooms.map(({ room_id: roomId }) => roomId);

const aSpace = (user: TestUser, options: JsonObject = {}) =>
  aRoom(user, { creation_content: { type: 'm.space' }, ...options });

async function put({ token }: TestUser, space: string, child: string, content: JsonObject = {}): Promise<void> {
  const body = { via: [serverName], ...content };
  const path = inRoom(space, `/state/m.space.child/${encodeURIComponent(child)}`);
  expect(await ask('PUT', path, { token, body })).toMatchObject({ status: 200 });
}

const joinRule = (rule: string, allow: readonly string[] = []) => ({
  preset: 'private_chat',
  initial_state: [
    {
      type: 'm.room.join_rules',
      content: {
        join_rule: rule,
        ...(allow.length === 0 ? {} : { allow: allow.map((id) => ({ type: 'm.room_membership', room_id: id })) }),
      },
    },
  ],
});

/** A space with a space in it, made by alice: root (first, inner (leaf), last). */
async function aTree() {
  const alice = await aLoggedInUser('alice');
  const root = await aSpace(alice, { name: 'Root' });
  const inner = await aSpace(alice, { name: 'Inner' });
  const [first, leaf, last] = [await aRoom(alice), await aRoom(alice, { name: 'Leaf' }), await aRoom(alice)];
  await put(alice, root, last);
  await put(alice, root, inner, { order: 'b', suggested: true });
  await put(alice, root, first, { order: 'a' });
  await put(alice, inner, leaf);
  await put(alice, inner, root);
  return { alice, root, inner, first, leaf, last };
}

test('a space is walked depth first, by its order, and a loop ends', async () => {
  const { root, inner, first, leaf, last } = await aTree();
  const page = await hierarchy(await aLoggedInUser('bob'), root);
  expect(ids(page)).toEqual([root, first, inner, leaf, last]);
  expect(page.next_batch).toBeUndefined();
  expect(page.rooms[0]).toMatchObject({
    name: 'Root',
    room_type: 'm.space',
    num_joined_members: 1,
    join_rule: 'public',
    room_version: '11',
    children_state: [
      { type: 'm.space.child', state_key: first, content: { order: 'a', via: [serverName] } },
      { state_key: inner },
      { state_key: last },
    ],
  });
  expect(page.rooms[0]?.children_state[0]).toHaveProperty('origin_server_ts');
  expect(page.rooms[0]?.children_state[0]).not.toHaveProperty('event_id');
  expect(page.rooms[3]).toMatchObject({ name: 'Leaf', children_state: [] });
});

test('pages lead through the tree, and say so when they are asked something else', async () => {
  const { alice, root, inner, first, leaf, last } = await aTree();
  const one = await hierarchy(alice, root, '?limit=2&max_depth=9');
  expect(ids(one)).toEqual([root, first]);
  const from = `from=${encodeURIComponent(String(one.next_batch))}`;
  const two = await hierarchy(alice, root, `?limit=2&${from}`);
  expect(ids(two)).toEqual([inner, leaf]);
  const three = await hierarchy(alice, root, `?limit=2&from=${encodeURIComponent(String(two.next_batch))}`);
  expect(ids(three)).toEqual([last]);
  expect(three.next_batch).toBeUndefined();
  for (const query of [`${from}&max_depth=3`, `${from}&suggested_only=true`, 'from=x', 'limit=0', 'max_depth=-1']) {
    const path = `/_matrix/client/v1/rooms/${encodeURIComponent(root)}/hierarchy?${query}`;
    expect(await ask('GET', path, { token: alice.token })).toMatchObject({
      status: 400,
      body: { errcode: 'M_INVALID_PARAM' },
    });
  }
});

test('a walk may be shallow, or keep to what is suggested', async () => {
  const { alice, root, inner, first, last } = await aTree();
  expect(ids(await hierarchy(alice, root, '?max_depth=0'))).toEqual([root]);
  expect(ids(await hierarchy(alice, root, '?max_depth=1'))).toEqual([root, first, inner, last]);
  const suggested = await hierarchy(alice, root, '?suggested_only=true');
  expect(ids(suggested)).toEqual([root, inner]);
  expect(suggested.rooms[0]?.children_state).toMatchObject([{ state_key: inner }]);
});

test('a child that was taken out is none', async () => {
  const { alice, root, inner, first, leaf } = await aTree();
  const last = (await hierarchy(alice, root)).rooms.at(-1)?.room_id ?? '';
  const path = inRoom(root, `/state/m.space.child/${encodeURIComponent(last)}`);
  await ask('PUT', path, { token: alice.token, body: {} });
  expect(ids(await hierarchy(alice, root))).toEqual([root, first, inner, leaf]);
});

test('rooms are shown to those who may enter or read them, and to nobody else', async () => {
  const alice = await aLoggedInUser('alice');
  const bob = await aLoggedInUser('bob');
  const root = await aSpace(alice);
  const club = await aRoom(alice, { preset: 'private_chat' });
  const rooms = {
    private: await aRoom(alice, { preset: 'private_chat', name: 'Secret' }),
    knock: await aRoom(alice, joinRule('knock')),
    restricted: await aRoom(alice, joinRule('restricted', ['!other:peer.test', club])),
    readable: await aRoom(alice, {
      preset: 'private_chat',
      initial_state: [{ type: 'm.room.history_visibility', content: { history_visibility: 'world_readable' } }],
    }),
  };
  for (const [order, roomId] of Object.entries(rooms)) await put(alice, root, roomId, { order });
  expect(ids(await hierarchy(alice, root))).toEqual([
    root,
    rooms.knock,
    rooms.private,
    rooms.readable,
    rooms.restricted,
  ]);
  expect(ids(await hierarchy(bob, root))).toEqual([root, rooms.knock, rooms.readable]);
  const invite = (roomId: string) =>
    ask('POST', inRoom(roomId, '/invite'), { token: alice.token, body: { user_id: bob.userId } });
  await invite(rooms.private);
  expect(ids(await hierarchy(bob, root))).toEqual([root, rooms.knock, rooms.private, rooms.readable]);
  await invite(club);
  await ask('POST', inRoom(club, '/join'), { token: bob.token, body: {} });
  const all = await hierarchy(bob, root);
  expect(ids(all)).toContain(rooms.restricted);
  expect(all.rooms.at(-1)).toMatchObject({ allowed_room_ids: ['!other:peer.test', club], join_rule: 'restricted' });
});

test('who is banned is shown nothing, and a private space is nobody else’s', async () => {
  const alice = await aLoggedInUser('alice');
  const bob = await aLoggedInUser('bob');
  const root = await aSpace(alice);
  await ask('POST', inRoom(root, '/ban'), { token: alice.token, body: { user_id: bob.userId } });
  const hidden = await aSpace(alice, { preset: 'private_chat' });
  for (const roomId of [root, hidden, '!nowhere:away.example:443']) {
    const path = `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/hierarchy`;
    expect(await ask('GET', path, { token: bob.token })).toMatchObject({
      status: 403,
      body: { errcode: 'M_FORBIDDEN' },
    });
  }
});

const far = (peer: Peer, name: string) => `!${name}:${peer.server.name}`;
const summary = (roomId: string, fields: JsonObject = {}) => ({
  room_id: roomId,
  num_joined_members: 4,
  world_readable: false,
  guest_can_join: false,
  join_rule: 'public',
  ...fields,
});
const stateOf = (roomId: string, via: readonly string[]) => ({
  type: 'm.space.child',
  state_key: roomId,
  sender: '@eve:peer.test',
  origin_server_ts: 1,
  content: { via, extra: 'left out' },
});

function tells(peer: Peer, roomId: string, answer: JsonObject): void {
  peer.reply(`/_matrix/federation/v1/hierarchy/${roomId}`, () => ({
    children: [],
    inaccessible_children: [],
    ...answer,
  }));
}

test('rooms of other servers are asked there, once, and shown to whom they may be', async () => {
  const alice = await aLoggedInUser('alice');
  const peer = aPeer();
  const via = [peer.server.name];
  const root = await aSpace(alice);
  const [space, open, closed, club, gone] = ['space', 'open', 'closed', 'club', 'gone'].map((name) => far(peer, name));
  const mine = await aRoom(alice, { preset: 'private_chat', name: 'Mine' });
  await put(alice, root, String(space), { via });
  tells(peer, String(space), {
    room: {
      ...summary(String(space), { room_type: 'm.space' }),
      children_state: [open, closed, club, gone, mine].map((id) => stateOf(String(id), via)),
    },
    children: [
      summary(String(open), { name: 'Open' }),
      summary(String(closed), { join_rule: 'invite' }),
      summary(String(club), { join_rule: 'restricted', allowed_room_ids: [mine] }),
      summary(mine, { name: 'A lie' }),
    ],
    inaccessible_children: [String(gone)],
  });
  const page = await hierarchy(alice, root);
  expect(ids(page).toSorted((a, b) => a.localeCompare(b))).toEqual(
    [root, String(space), String(open), String(club), mine].toSorted((a, b) => a.localeCompare(b)),
  );
  expect(page.rooms.find(({ room_id: id }) => id === mine)).toMatchObject({ name: 'Mine' });
  expect(page.rooms.find(({ room_id: id }) => id === space)?.children_state[0]?.['content']).toEqual({ via });
  const bobs = ids(await hierarchy(await aLoggedInUser('bob'), root));
  expect(bobs).toEqual([root, String(space), String(open)]);
  const asked = peer.received.filter(({ target }) => target.includes('/hierarchy/'));
  expect(asked.map(({ target }) => target)).toEqual([
    `/_matrix/federation/v1/hierarchy/${encodeURIComponent(String(space))}?suggested_only=false`.replace('!', '%21'),
  ]);
});

test('a server that is away, or tells of another room, tells nothing', async () => {
  const alice = await aLoggedInUser('alice');
  const peer = aPeer();
  const root = await aSpace(alice);
  await put(alice, root, '!x:away.example:443', { via: ['away.example:443'] });
  await put(alice, root, far(peer, 'wrong'), { via: [peer.server.name] });
  tells(peer, far(peer, 'wrong'), { room: { ...summary(far(peer, 'other')), children_state: [] } });
  expect(ids(await hierarchy(alice, root))).toEqual([root]);
});

const summaryOf = (roomId: string, token?: string, query = '') =>
  ask(
    'GET',
    `/_matrix/client/v1/room_summary/${encodeURIComponent(roomId)}${query}`,
    token === undefined ? {} : { token },
  );

test('a summary says what the room is and what the asker is in it', async () => {
  const alice = await aLoggedInUser('alice');
  const bob = await aLoggedInUser('bob');
  const alias = `a${crypto.randomUUID()}`;
  const roomId = await aRoom(alice, {
    name: 'Name',
    room_alias_name: alias,
    initial_state: [{ type: 'm.room.encryption', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
  });
  const shown = {
    room_id: roomId,
    name: 'Name',
    canonical_alias: `#${alias}:${serverName}`,
    num_joined_members: 1,
    world_readable: false,
    guest_can_join: false,
    join_rule: 'public',
    encryption: 'm.megolm.v1.aes-sha2',
    room_version: '11',
  };
  expect((await summaryOf(roomId, alice.token)).body).toEqual({ ...shown, membership: 'join' });
  expect((await summaryOf(`#${alias}:${serverName}`, bob.token)).body).toEqual({ ...shown, membership: 'leave' });
  expect((await summaryOf(roomId)).body).toEqual(shown);
  expect((await summaryOf(roomId, 'wrong')).status).toBe(401);
});

test('a summary of a private room is for its members and those who are invited', async () => {
  const alice = await aLoggedInUser('alice');
  const bob = await aLoggedInUser('bob');
  const roomId = await aRoom(alice, { preset: 'private_chat' });
  const none = { status: 404, body: { errcode: 'M_NOT_FOUND' } };
  expect(await summaryOf(roomId, bob.token)).toMatchObject(none);
  expect(await summaryOf(roomId)).toMatchObject(none);
  await ask('POST', inRoom(roomId, '/invite'), { token: alice.token, body: { user_id: bob.userId } });
  expect(await summaryOf(roomId, bob.token)).toMatchObject({ status: 200, body: { membership: 'invite' } });
});

test('a summary of a room elsewhere is asked for, for users only', async () => {
  const { token } = await aLoggedInUser('alice');
  const peer = aPeer();
  const roomId = far(peer, 'open');
  tells(peer, roomId, { room: { ...summary(roomId, { name: 'Open' }), children_state: [] } });
  const via = `?via=${encodeURIComponent(peer.server.name)}`;
  expect((await summaryOf(roomId, undefined, via)).status).toBe(404);
  expect(peer.received).toEqual([]);
  expect(await summaryOf(roomId, token, via)).toMatchObject({
    status: 200,
    body: { room_id: roomId, name: 'Open', membership: 'leave' },
  });
  expect((await summaryOf('!x:away.example:443', token)).status).toBe(404);
});
