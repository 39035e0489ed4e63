import { expect, test } from 'vitest';

import { aLoggedInUser, ask, type TestUser } from '../../../support/worker/ask.ts';

const v3 = '/_matrix/client/v3';

interface Section {
  readonly events: { type: string; content: unknown }[];
}
interface SyncBody {
  readonly next_batch: string;
  readonly account_data?: Section;
  readonly rooms?: Record<'join' | 'leave', Record<string, { timeline: Section; account_data: Section }> | undefined>;
}

async function syncOf({ token }: TestUser, query = ''): Promise<SyncBody> {
  const { status, body } = await ask('GET', `${v3}/sync?${query}`, { token });
  expect(status).toBe(200);
  return body as unknown as SyncBody;
}

async function aRoomOf({ token }: TestUser, body: object = { preset: 'public_chat' }): Promise<string> {
  return String((await ask('POST', `${v3}/createRoom`, { token, body })).body['room_id']);
}

const roomPath = (roomId: string, rest: string) => `${v3}/rooms/${encodeURIComponent(roomId)}/${rest}`;

async function tag({ userId, token }: TestUser, roomId: string) {
  const path = `${v3}/user/${userId}/rooms/${encodeURIComponent(roomId)}/account_data/m.tag`;
  return ask('PUT', path, { token, body: { tags: { 'm.favourite': {} } } });
}

test('account data of a room comes with the join, and shows no room before it', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoomOf(alice);
  const before = await syncOf(bob);
  expect(await tag(bob, roomId)).toMatchObject({ status: 200 });
  const outside = await syncOf(bob, `since=${before.next_batch}`);
  expect(outside.rooms).toBeUndefined();
  await ask('POST', roomPath(roomId, 'join'), { token: bob.token, body: {} });
  const joined = await syncOf(bob, `since=${outside.next_batch}`);
  expect(joined.rooms?.join?.[roomId]?.account_data.events).toEqual([
    { type: 'm.tag', content: { tags: { 'm.favourite': {} } } },
  ]);
  expect((await syncOf(bob)).rooms?.join?.[roomId]?.account_data.events).toHaveLength(1);
});

test('account data of a room that was left is told where the room is told', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoomOf(alice);
  await ask('POST', roomPath(roomId, 'join'), { token: bob.token, body: {} });
  const before = await syncOf(bob);
  expect(await tag(bob, roomId)).toMatchObject({ status: 200 });
  await ask('POST', roomPath(roomId, 'leave'), { token: bob.token, body: {} });
  const favourite = [{ type: 'm.tag', content: { tags: { 'm.favourite': {} } } }];
  const left = await syncOf(bob, `since=${before.next_batch}`);
  expect(Object.keys(left.rooms ?? {})).toEqual(['leave']);
  expect(left.rooms?.leave?.[roomId]?.account_data.events).toEqual(favourite);
  const filter = encodeURIComponent(JSON.stringify({ room: { include_leave: true } }));
  const archived = await syncOf(bob, `filter=${filter}`);
  expect(archived.rooms?.leave?.[roomId]?.account_data.events).toEqual(favourite);
  expect((await syncOf(bob)).rooms).toBeUndefined();
});

test('account data needs a room ID', async () => {
  const user = await aLoggedInUser();
  const refused = { status: 400, body: { errcode: 'M_INVALID_PARAM' } };
  expect(await tag(user, 'room')).toMatchObject(refused);
  const path = `${v3}/user/${user.userId}/rooms/room/account_data/m.tag`;
  expect(await ask('GET', path, { token: user.token })).toMatchObject(refused);
});

test('a token ahead of everything is answered with all account data', async () => {
  const user = await aLoggedInUser();
  const path = `${v3}/user/${user.userId}/account_data/m.direct`;
  await ask('PUT', path, { token: user.token, body: {} });
  const { account_data: data } = await syncOf(user, 'since=s1_999999_0');
  expect(data?.events.map(({ type }) => type).toSorted()).toEqual(['m.direct', 'm.push_rules']);
});

const shardOf = ({ token }: TestUser) => token.split('_')[1];

async function twoOfOneShard(): Promise<[TestUser, TestUser]> {
  let [one, other] = [await aLoggedInUser(), await aLoggedInUser()];
  while (shardOf(one) !== shardOf(other)) [one, other] = [other, await aLoggedInUser()];
  return [one, other];
}

test('who is only invited is not told who types', async () => {
  const [alice, bob] = await twoOfOneShard();
  const roomId = await aRoomOf(alice, { preset: 'private_chat' });
  const typing = { token: alice.token, body: { typing: true, timeout: 60_000 } };
  expect(await ask('PUT', roomPath(roomId, `typing/${alice.userId}`), typing)).toMatchObject({ status: 200 });
  const invite = { token: alice.token, body: { user_id: bob.userId } };
  expect(await ask('POST', roomPath(roomId, 'invite'), invite)).toMatchObject({ status: 200 });
  expect(Object.keys((await syncOf(bob)).rooms ?? {})).toEqual(['invite']);
});
