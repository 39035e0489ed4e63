import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { aPeer, aRoom, forgetPeers, inRoom, joinFrom, v3 } from '../../../../support/worker/a-peer.ts';
import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../../support/worker/ask.ts';
import { eventually } from '../../../../support/worker/eventually.ts';

interface Found {
  readonly results: readonly {
    readonly user_id: string;
    readonly display_name?: string;
    readonly avatar_url?: string;
  }[];
  readonly limited: boolean;
}

async function find({ token }: TestUser, term: string, limit?: number): Promise<Found> {
  const body = { search_term: term, ...(limit === undefined ? {} : { limit }) };
  const answer = await ask('POST', `${v3}/user_directory/search`, { token, body });
  expect(answer).toMatchObject({ status: 200 });
  return answer.body as unknown as Found;
}

const idsOf = ({ results }: Found) => results.map(({ user_id: id }) => id);
const word = () => `w${crypto.randomUUID().slice(0, 8)}`;

async function called(user: TestUser, name: string): Promise<void> {
  const path = `${v3}/profile/${encodeURIComponent(user.userId)}/displayname`;
  expect(await ask('PUT', path, { token: user.token, body: { displayname: name } })).toMatchObject({ status: 200 });
}

/** Users of this server are found over rooms only, as users of other servers are. */
async function overRoomsOnly(): Promise<void> {
  const { token } = await anAdministrator();
  const body = { settings: { 'accounts.directory': false } };
  expect(await ask('PUT', '/_eyrie/admin/v1/settings', { token, body })).toMatchObject({ status: 200 });
}

async function ofThisServer(): Promise<void> {
  const { token } = await anAdministrator();
  const body = { settings: { 'accounts.directory': true } };
  expect(await ask('PUT', '/_eyrie/admin/v1/settings', { token, body })).toMatchObject({ status: 200 });
}

beforeEach(ofThisServer);
afterEach(() => {
  vi.restoreAllMocks();
  forgetPeers();
});

test('a user of this server is found by part of the user ID or of the name, whatever the case', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const name = word();
  await called(bob, `Élan ${name.toUpperCase()} Smith`);
  for (const term of [name, `ÉLAN ${name}`, bob.userId, bob.userId.slice(1, 16).toUpperCase()]) {
    expect((await find(alice, term)).results).toContainEqual({
      user_id: bob.userId,
      display_name: `Élan ${name.toUpperCase()} Smith`,
    });
  }
});

test('who asks, and who was deactivated, is not found', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  expect(idsOf(await find(alice, bob.userId))).toEqual([bob.userId]);
  expect(idsOf(await find(alice, alice.userId))).toEqual([]);
  const auth = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: bob.userId },
    password: 'correct horse',
  };
  await ask('POST', `${v3}/account/deactivate`, { token: bob.token, body: { auth } });
  expect(idsOf(await find(alice, bob.userId))).toEqual([]);
});

test('the best come first, and a longer list is cut at the limit, which is 10 where none is given', async () => {
  const alice = await aLoggedInUser('alice');
  const name = word();
  const users = await Promise.all(Array.from({ length: 11 }, () => aLoggedInUser('user')));
  for (const [index, user] of users.entries()) await called(user, index === 7 ? name : `the ${name}s`);
  const few = await find(alice, name, 3);
  expect(few).toMatchObject({ limited: true });
  expect(few.results).toHaveLength(3);
  expect(few.results[0]?.user_id).toBe(users[7]?.userId);
  const usual = await find(alice, name);
  expect([usual.results.length, usual.limited]).toEqual([10, true]);
  const all = await find(alice, name, 50);
  expect([all.results.length, all.limited]).toEqual([11, false]);
});

test('with the setting off, only who shares a room is found', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  await overRoomsOnly();
  expect(idsOf(await find(alice, bob.userId))).toEqual([]);
  const roomId = await aRoom(alice, { preset: 'private_chat', invite: [bob.userId] });
  expect(idsOf(await find(alice, bob.userId))).toEqual([]);
  await ask('POST', inRoom(roomId, '/join'), { token: bob.token, body: {} });
  expect(idsOf(await find(alice, bob.userId))).toEqual([bob.userId]);
  await ask('POST', inRoom(roomId, '/leave'), { token: alice.token, body: {} });
  expect(idsOf(await find(alice, bob.userId))).toEqual([]);
});

test('who is in a public or a world readable room is found by everybody', async () => {
  const [alice, bob, carol] = [await aLoggedInUser('alice'), await aLoggedInUser('bob'), await aLoggedInUser('carol')];
  await overRoomsOnly();
  await aRoom(bob, { preset: 'public_chat' });
  const content = { history_visibility: 'world_readable' };
  await aRoom(carol, { preset: 'private_chat', initial_state: [{ type: 'm.room.history_visibility', content }] });
  await eventually(async () => expect(idsOf(await find(alice, bob.userId))).toEqual([bob.userId]));
  await eventually(async () => expect(idsOf(await find(alice, carol.userId))).toEqual([carol.userId]));
});

test('a user of another server is found by who is in a room with them, and by nobody else', async () => {
  const alice = await aLoggedInUser('alice');
  const stranger = await aLoggedInUser('stranger');
  const roomId = await aRoom(alice);
  const eve = await joinFrom(aPeer(), roomId, word());
  const closed = { token: alice.token, body: { join_rule: 'invite' } };
  expect(await ask('PUT', inRoom(roomId, '/state/m.room.join_rules'), closed)).toMatchObject({ status: 200 });
  expect(idsOf(await find(alice, eve.userId))).toEqual([eve.userId]);
  expect(idsOf(await find(stranger, eve.userId))).toEqual([]);
});

test('a name that a user has in one room only is shown to nobody outside it', async () => {
  const [alice, bob, eve] = [await aLoggedInUser('alice'), await aLoggedInUser('bob'), await aLoggedInUser('eve')];
  const roomId = await aRoom(alice, { preset: 'private_chat', invite: [bob.userId] });
  await ask('POST', inRoom(roomId, '/join'), { token: bob.token, body: {} });
  const secret = word();
  const path = inRoom(roomId, `/state/m.room.member/${encodeURIComponent(bob.userId)}`);
  const body = { membership: 'join', displayname: secret };
  expect(await ask('PUT', path, { token: bob.token, body })).toMatchObject({ status: 200 });
  expect((await find(alice, secret)).results).toEqual([{ user_id: bob.userId, display_name: secret }]);
  expect((await find(eve, secret)).results).toEqual([]);
});

test.each([[{}], [{ search_term: 7 }], [{ search_term: 'a', limit: -1 }], [{ search_term: 'a'.repeat(1_001) }]])(
  'a search that makes no sense is refused (%#)',
  async (body) => {
    const { token } = await aLoggedInUser('alice');
    const { status } = await ask('POST', `${v3}/user_directory/search`, { token, body });
    expect(status).toBe(400);
  },
);
