// Who is not in a room and reads it all the same (Client-Server API, "Room Previews", "Room History Visibility")
import { expect, test } from 'vitest';

import { aClient, type Client, type ShownEvent } from '../../../support/worker/client.ts';

const visibility = (value: string) => ({
  type: 'm.room.history_visibility',
  state_key: '',
  content: { history_visibility: value },
});

async function aWorld(value = 'world_readable') {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create({ preset: 'public_chat', name: 'Window', initial_state: [visibility(value)] });
  const first = await alice.say(roomId, 'first');
  return { alice, bob, roomId, first };
}

const setVisibility = (alice: Client, roomId: string, value: string) =>
  alice.inRoom('PUT', roomId, 'state/m.room.history_visibility', { history_visibility: value });

interface Page {
  readonly start: string;
  readonly end: string;
  readonly chunk: readonly ShownEvent[];
}

test('a world readable room is read by a stranger', async () => {
  const { alice, bob, roomId, first } = await aWorld();
  const read = async (rest: string) => {
    const answer = await bob.inRoom('GET', roomId, rest);
    return { status: answer.status, body: answer.body as unknown };
  };
  expect(await read('messages?dir=b&limit=1')).toMatchObject({ status: 200, body: { chunk: [{ event_id: first }] } });
  expect(await read('state/m.room.name')).toEqual({ status: 200, body: { name: 'Window' } });
  expect(await read(`event/${first}`)).toMatchObject({ status: 200, body: { event_id: first } });
  expect(await read(`context/${first}`)).toMatchObject({ status: 200, body: { event: { event_id: first } } });
  expect(await read('members')).toMatchObject({ status: 200, body: { chunk: [{ state_key: alice.userId }] } });
  expect(await read('aliases')).toEqual({ status: 200, body: { aliases: [] } });
  expect(((await read('state')).body as ShownEvent[]).map(({ type }) => type)).toContain('m.room.create');
  expect(await read('joined_members')).toMatchObject({ status: 403 });
  expect((await bob.inRoom('PUT', roomId, 'send/m.room.message/1', { body: 'x' })).status).toBe(403);
});

test.each(['shared', 'invited', 'joined'])('a room whose history is %s is not', async (value) => {
  const { bob, roomId, first } = await aWorld(value);
  for (const rest of ['messages?dir=b', 'state', 'state/m.room.name', 'members', 'initialSync', 'aliases']) {
    expect(await bob.inRoom('GET', roomId, rest)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  }
  for (const rest of [`event/${first}`, `context/${first}`]) {
    expect(await bob.inRoom('GET', roomId, rest)).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
  }
  const events = await bob.ask('GET', `/events?room_id=${encodeURIComponent(roomId)}`);
  expect(events).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
});

test('a stranger sees what was said while everybody might read it, and nothing else', async () => {
  const { alice, bob, roomId, first } = await aWorld('shared');
  await setVisibility(alice, roomId, 'world_readable');
  const open = await alice.say(roomId, 'open');
  const messages = async () =>
    (await bob.inRoom('GET', roomId, 'messages?dir=b&limit=20')).body['chunk'] as ShownEvent[];
  const shown = (await messages()).map(({ event_id: id }) => id);
  expect(shown).toContain(open);
  expect(shown).not.toContain(first);
  expect((await bob.inRoom('GET', roomId, `event/${first}`)).status).toBe(404);
  await setVisibility(alice, roomId, 'joined');
  expect((await bob.inRoom('GET', roomId, 'messages?dir=b')).status).toBe(403);
  expect((await bob.inRoom('GET', roomId, `event/${open}`)).status).toBe(200);
});

test('who left a world readable room reads on', async () => {
  const { alice, bob, roomId } = await aWorld();
  await bob.join(roomId);
  expect((await bob.inRoom('POST', roomId, 'leave', {})).status).toBe(200);
  await alice.inRoom('PUT', roomId, 'state/m.room.name', { name: 'New' });
  const said = await alice.say(roomId, 'later');
  expect((await bob.inRoom('GET', roomId, 'state/m.room.name')).body).toEqual({ name: 'New' });
  expect((await bob.inRoom('GET', roomId, 'messages?dir=b&limit=1')).body['chunk']).toMatchObject([{ event_id: said }]);
  await setVisibility(alice, roomId, 'shared');
  await alice.inRoom('PUT', roomId, 'state/m.room.name', { name: 'Newest' });
  expect((await bob.inRoom('GET', roomId, 'state/m.room.name')).body).toEqual({ name: 'Window' });
});

test('a preview begins with the state and the newest messages', async () => {
  const { alice, bob, roomId, first } = await aWorld();
  const second = await alice.say(roomId, 'second');
  const { status, body } = await bob.inRoom('GET', roomId, 'initialSync?limit=2');
  expect(status).toBe(200);
  expect(body).toMatchObject({ room_id: roomId, visibility: 'private', account_data: [] });
  expect(body).not.toHaveProperty('membership');
  const page = body['messages'] as Page;
  expect(page.chunk.map(({ event_id: id }) => id)).toEqual([first, second]);
  expect((body['state'] as ShownEvent[]).map(({ type }) => type)).toContain('m.room.name');
  const before = await bob.inRoom('GET', roomId, `messages?dir=b&limit=1&from=${page.start}`);
  expect(before.body['chunk']).toMatchObject([{ type: 'm.room.name' }]);
  const after = await bob.inRoom('GET', roomId, `messages?dir=f&from=${page.end}`);
  expect(after.body['chunk']).toEqual([]);
  const member = await alice.inRoom('GET', roomId, 'initialSync');
  expect(member.body).toMatchObject({ membership: 'join' });
});

test('account data of the room stands in its preview', async () => {
  const { alice, roomId } = await aWorld();
  const path = `/user/${encodeURIComponent(alice.userId)}/rooms/${encodeURIComponent(roomId)}/account_data/org.example.x`;
  await alice.ask('PUT', path, { a: 1 });
  const { body } = await alice.inRoom('GET', roomId, 'initialSync');
  expect(body['account_data']).toEqual([{ type: 'org.example.x', content: { a: 1 } }]);
});

test('a preview goes on with what is said', async () => {
  const { alice, bob, roomId } = await aWorld();
  const messages = (await bob.inRoom('GET', roomId, 'initialSync')).body['messages'] as Page;
  const events = async (from: string, timeout = 0) =>
    (await bob.ask('GET', `/events?room_id=${encodeURIComponent(roomId)}&from=${from}&timeout=${timeout}`))
      .body as unknown as Page;
  expect((await events(messages.end)).chunk).toEqual([]);
  const said = await alice.say(roomId, 'news');
  const page = await events(messages.end);
  expect(page.chunk).toMatchObject([{ event_id: said, room_id: roomId }]);
  expect((await events(page.end)).chunk).toEqual([]);
  const waiting = events(page.end, 30_000);
  const later = await alice.say(roomId, 'later');
  const next = await waiting;
  expect(next.chunk).toMatchObject([{ event_id: later }]);
  await setVisibility(alice, roomId, 'joined');
  const closed = await bob.ask('GET', `/events?room_id=${encodeURIComponent(roomId)}&from=${next.end}`);
  expect(closed.status).toBe(403);
});

test('/events of what is no room is refused', async () => {
  const bob = await aClient('bob');
  const answer = await bob.ask('GET', '/events?room_id=x');
  expect(answer).toMatchObject({ status: 400, body: { errcode: 'M_INVALID_PARAM' } });
});
