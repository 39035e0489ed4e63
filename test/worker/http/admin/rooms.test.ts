import { afterEach, expect, test } from 'vitest';

import { aPeer, aRoom, forgetPeers, inRoom, joinFrom, serverName } from '../../../support/worker/a-peer.ts';
import { aWorkspace } from '../../../support/worker/a-workspace.ts';
import { anOwnedUser, askAs } from '../../../support/worker/an-appservice.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';

afterEach(forgetPeers);

const PATH = '/_eyrie/admin/v1/rooms';
const word = () => `w${crypto.randomUUID().slice(0, 8)}`;
const query = (fields: Readonly<Record<string, string>>) => `${PATH}?${new URLSearchParams(fields).toString()}`;

interface Page {
  readonly rooms: readonly { readonly room_id: string; readonly joined_members: number }[];
  readonly total: number;
  readonly next_batch?: string;
}

async function page(token: string, fields: Readonly<Record<string, string>>): Promise<Page> {
  const { status, body } = await ask('GET', query(fields), { token });
  expect(status).toBe(200);
  return body as unknown as Page;
}
const ids = ({ rooms }: Page) => rooms.map(({ room_id: roomId }) => roomId);

test('rooms are listed to administrators alone', async () => {
  const { token } = await aLoggedInUser();
  expect(await ask('GET', PATH)).toMatchObject({ status: 401 });
  expect(await ask('GET', PATH, { token })).toMatchObject({ status: 403 });
});

test('a room is listed and shown with what it is, who is in it, and whether it is published', async () => {
  const { token } = await anAdministrator();
  const alice = await aLoggedInUser('alice');
  const name = word();
  const roomId = await aRoom(alice, { name: `The ÉTAGE ${name}`, topic: 'About', room_alias_name: name });
  const peer = aPeer();
  await joinFrom(peer, roomId);
  const shown = {
    room_id: roomId,
    room_version: '11',
    name: `The ÉTAGE ${name}`,
    topic: 'About',
    canonical_alias: `#${name}:${serverName}`,
    room_type: null,
    join_rule: 'public',
    joined_members: 2,
    joined_local_members: 1,
    public: false,
    encrypted: false,
    tombstoned: false,
  };
  await eventually(async () =>
    expect(await page(token, { name: `étage ${name}` })).toEqual({
      rooms: [{ ...shown, servers: expect.arrayContaining([serverName, peer.server.name]) }],
      total: 1,
    }),
  );
  const visibility = `/_matrix/client/v3/directory/list/room/${encodeURIComponent(roomId)}`;
  await ask('PUT', visibility, { token: alice.token, body: { visibility: 'public' } });
  const details = await ask('GET', `${PATH}/${encodeURIComponent(roomId)}`, { token });
  expect(details).toMatchObject({ status: 200, body: { ...shown, public: true, lifecycle: 'live', doubtful: null } });
  expect(new Set(details.body['servers'] as string[])).toEqual(new Set([serverName, peer.server.name]));
});

test('the list goes on page by page, in either order, without a room twice or left out', async () => {
  const { token } = await anAdministrator();
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const name = word();
  const rooms = [];
  for (const each of ['a', 'b', 'c']) rooms.push(await aRoom(alice, { name: `${name} ${each}` }));
  const [first = '', busy = ''] = rooms;
  await ask('POST', inRoom(busy, '/join'), { token: bob.token, body: {} });
  await eventually(async () =>
    expect((await page(token, { name, order_by: 'joined_members' })).rooms[0]).toMatchObject({
      room_id: busy,
      joined_members: 2,
    }),
  );
  for (const order of ['room_id', 'joined_members']) {
    const wish = { name, order_by: order, limit: '2' };
    const one = await page(token, wish);
    expect(one).toMatchObject({ total: 3, next_batch: expect.any(String) });
    const two = await page(token, { ...wish, from: one.next_batch ?? '' });
    expect(two.total).toBe(3);
    expect(two).not.toHaveProperty('next_batch');
    expect([...ids(one), ...ids(two)].toSorted()).toEqual(rooms.toSorted());
  }
  expect(ids(await page(token, { name }))).toEqual(rooms.toSorted());
  expect(ids(await page(token, { name, member: bob.userId }))).toEqual([busy]);
  expect(ids(await page(token, { name: `${name} a` }))).toEqual([first]);
  // What is sought is no pattern.
  expect(ids(await page(token, { name: `${name}%` }))).toEqual([]);
});

test('rooms are found by the servers in them, and shown as encrypted and upgraded', async () => {
  const { token } = await anAdministrator();
  const alice = await aLoggedInUser('alice');
  const name = word();
  const [plain, secret] = [await aRoom(alice, { name }), await aRoom(alice, { name })];
  const peer = aPeer();
  await joinFrom(peer, secret);
  const algorithm = 'm.megolm.v1.aes-sha2';
  await ask('PUT', inRoom(secret, '/state/m.room.encryption/'), { token: alice.token, body: { algorithm } });
  await ask('POST', inRoom(plain, '/upgrade'), { token: alice.token, body: { new_version: '11' } });
  const found = async (fields: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      (await page(token, { name, ...fields })).rooms.map(({ room_id: roomId, ...room }) => [roomId, room]),
    );
  await eventually(async () =>
    expect(await found({})).toMatchObject({
      [plain]: { encrypted: false, tombstoned: true, servers: [serverName] },
      [secret]: { encrypted: true, tombstoned: false },
    }),
  );
  expect(Object.keys(await found({ server: peer.server.name }))).toEqual([secret]);
  expect(await found({ server: 'other.example' })).toEqual({});
});

test('rooms are found by users of other servers, too, in order and page by page', async () => {
  const { token } = await anAdministrator();
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const name = word();
  const peer = aPeer();
  const rooms = [await aRoom(alice, { name }), await aRoom(alice, { name }), await aRoom(bob, { name })];
  for (const roomId of rooms) await joinFrom(peer, roomId, 'mallory');
  const [busy = '', quiet = ''] = rooms;
  const eve = await joinFrom(peer, busy as typeof eve.roomId);
  await joinFrom(peer, quiet as typeof eve.roomId);
  const wish = { name, member: eve.userId };
  await eventually(async () => expect(await page(token, wish)).toMatchObject({ rooms: [{}, {}], total: 2 }));
  expect(ids(await page(token, wish))).toEqual([busy, quiet].toSorted());
  await ask('POST', inRoom(busy, '/join'), { token: bob.token, body: {} });
  await eventually(async () =>
    expect(ids(await page(token, { ...wish, order_by: 'joined_members' }))).toEqual([busy, quiet]),
  );
  for (const order of ['room_id', 'joined_members']) {
    const one = await page(token, { ...wish, order_by: order, limit: '1' });
    const two = await page(token, { ...wish, order_by: order, limit: '1', from: one.next_batch ?? '' });
    expect([...ids(one), ...ids(two)].toSorted()).toEqual([busy, quiet].toSorted());
    expect([one.total, two.total]).toEqual([2, 2]);
  }
  expect(await page(token, { ...wish, server: peer.server.name })).toMatchObject({ total: 2 });
  expect(await page(token, { ...wish, server: 'other.example' })).toEqual({ rooms: [], total: 0 });
  expect(await page(token, { name, member: peer.user('nobody') })).toEqual({ rooms: [], total: 0 });
});

test('a room that everybody here has left stays in the list, without members', async () => {
  const { token } = await anAdministrator();
  const alice = await aLoggedInUser('alice');
  const name = word();
  const roomId = await aRoom(alice, { name });
  await ask('POST', inRoom(roomId, '/leave'), { token: alice.token, body: {} });
  await eventually(async () =>
    expect((await page(token, { name })).rooms).toMatchObject([
      { room_id: roomId, joined_members: 0, joined_local_members: 0 },
    ]),
  );
  expect(ids(await page(token, { name, member: alice.userId }))).toEqual([]);
});

test.each([
  { limit: '0' },
  { limit: 'many' },
  { order_by: 'name' },
  { from: '!room:eyrie.test' },
  { member: 'alice' },
  { server: 'no server' },
  { name: 'n'.repeat(256) },
])('a list of rooms by %j is refused', async (fields) => {
  const { token } = await anAdministrator();
  expect(await ask('GET', query(fields as Record<string, string>), { token })).toMatchObject({
    status: 400,
    body: { errcode: 'M_INVALID_PARAM' },
  });
});

test('a workspace is shown the rooms that a user of its own is in, and no others', async () => {
  const alice = await aLoggedInUser('alice');
  const name = word();
  const [theirs, others] = [await aRoom(alice, { name }), await aRoom(alice, { name })];
  const workspace = await aWorkspace();
  const user = await anOwnedUser(workspace);
  expect(await page(workspace.asToken, { name })).toEqual({ rooms: [], total: 0 });
  await askAs(workspace, user, 'POST', inRoom(theirs, '/join'), {});
  await eventually(async () => {
    const shown = await page(workspace.asToken, { name });
    expect([ids(shown), shown.total]).toEqual([[theirs], 1]);
  });
  expect(ids(await page(workspace.asToken, { name, member: alice.userId }))).toEqual([theirs]);
  const { token } = await anAdministrator();
  await eventually(async () => expect(ids(await page(token, { name }))).toEqual([theirs, others].toSorted()));
});
