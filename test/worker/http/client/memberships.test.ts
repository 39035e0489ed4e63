import { expect, test } from 'vitest';

import type { Answer } from '../../../support/worker/ask.ts';
import { aClient, type Client, type ShownEvent } from '../../../support/worker/client.ts';

const refusal = ({ status, body }: Answer) => `${status} ${String(body['errcode'])}`;
const member = ({ userId }: Client) => `state/m.room.member/${encodeURIComponent(userId)}`;

test('a stranger cannot find out by refusals who is in a room, invited to it or banned from it', async () => {
  const [alice, bob, eve] = [await aClient('alice'), await aClient('bob'), await aClient('eve')];
  const roomId = await alice.create({ preset: 'private_chat' });
  for (const verb of ['kick', 'ban', 'unban', 'invite']) {
    const answers = [];
    for (const { userId } of [alice, bob]) {
      const { status, body } = await eve.inRoom('POST', roomId, verb, { user_id: userId });
      answers.push({ status, body });
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  }
});

test('an invitation cannot be forgotten before it is rejected', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create({ preset: 'private_chat', invite: [bob.userId] });
  expect(refusal(await bob.inRoom('POST', roomId, 'forget', {}))).toBe('400 M_UNKNOWN');
  expect(Object.keys((await bob.sync()).rooms?.invite ?? {})).toEqual([roomId]);
});

test('who forgot a room is shown nothing of it until they come back', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create();
  await bob.join(roomId);
  const eventId = await bob.say(roomId, 'I was here');
  await bob.inRoom('POST', roomId, 'leave', {});
  const reads = ['messages?dir=b', 'state', 'members', `event/${eventId}`, `context/${eventId}`];
  const statuses = async () => {
    const answers = [];
    for (const read of reads) answers.push((await bob.inRoom('GET', roomId, read)).status);
    return answers;
  };
  expect(await statuses()).toEqual([200, 200, 200, 200, 200]);
  expect(await bob.inRoom('POST', roomId, 'forget', {})).toMatchObject({ status: 200 });
  expect(await statuses()).toEqual([403, 403, 403, 404, 404]);
  await bob.join(roomId);
  expect(await statuses()).toEqual([200, 200, 200, 200, 200]);
});

test('a user may give their own membership other keys', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  const first = { membership: 'join', displayname: 'Al', 'org.test.mood': 'good' };
  expect(await alice.inRoom('PUT', roomId, member(alice), first)).toMatchObject({ status: 200 });
  const second = { ...first, 'org.test.mood': 'better' };
  const set = await alice.inRoom('PUT', roomId, member(alice), second);
  expect((await alice.inRoom('GET', roomId, member(alice))).body).toEqual(second);
  const again = await alice.inRoom('PUT', roomId, member(alice), second);
  expect(again.body).toEqual(set.body);
});

test.each(['x', ['x'], [1]])('a room with the additional creators %j is refused', async (creators) => {
  const alice = await aClient('alice');
  const body = { room_version: '12', creation_content: { additional_creators: creators } };
  expect(refusal(await alice.ask('POST', '/createRoom', body))).toBe('400 M_INVALID_ROOM_STATE');
});

test('a membership is no initial state', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const invite = { type: 'm.room.member', state_key: bob.userId, content: { membership: 'invite' } };
  const answer = await alice.ask('POST', '/createRoom', { initial_state: [invite] });
  expect(refusal(answer)).toBe('400 M_INVALID_ROOM_STATE');
});

test.each(['10', '11', '12'])('who creates a room of version %s cannot be somebody else', async (version) => {
  const alice = await aClient('alice');
  const creation = { creator: '@other:eyrie.test', room_version: '1', 'm.federate': false };
  const roomId = await alice.create({ room_version: version, creation_content: creation });
  const { body } = await alice.inRoom('GET', roomId, 'state');
  const create = (body as unknown as ShownEvent[]).find(({ type }) => type === 'm.room.create');
  expect(create?.content).toEqual({
    room_version: version,
    'm.federate': false,
    ...(version === '10' ? { creator: alice.userId } : {}),
  });
});
