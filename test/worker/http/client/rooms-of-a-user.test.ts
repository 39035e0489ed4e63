import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import { PASSWORD } from '../../../support/worker/ask.ts';
import { aClient, idsOf, type Client, type ShownEvent } from '../../../support/worker/client.ts';

const bindings = env as unknown as Env;
const shardOf = ({ token }: Client) => bindings.USER.getByName(token.split('_')[1] ?? '');

async function memberIn(reader: Client, roomId: string, { userId }: Client): Promise<Record<string, unknown>> {
  return (await reader.inRoom('GET', roomId, `state/m.room.member/${encodeURIComponent(userId)}`)).body;
}

async function deactivate(client: Client, erase?: boolean): Promise<void> {
  const auth = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: client.userId },
    password: PASSWORD,
  };
  const body = { auth, ...(erase === undefined ? {} : { erase }) };
  expect(await client.ask('POST', '/account/deactivate', body)).toMatchObject({ status: 200 });
}

async function messagesOf(reader: Client, roomId: string): Promise<readonly ShownEvent[]> {
  const { body } = await reader.inRoom('GET', roomId, 'messages?dir=b&limit=100');
  return body['chunk'] as ShownEvent[];
}

/** Rooms of Alice that Bob is in: more than a shard looks after at a time. */
async function manyRooms() {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const create = () => alice.create({ preset: 'public_chat' });
  const rooms = await Promise.all(Array.from({ length: 22 }, create));
  await Promise.all(rooms.map((roomId) => bob.join(roomId)));
  return { alice, bob, rooms };
}

test('a new name reaches all rooms of a user, also those for which a shard that is evicted has no time at first', async () => {
  const { alice, bob, rooms } = await manyRooms();
  const name = { displayname: 'Robert' };
  expect(await bob.ask('PUT', `/profile/${bob.userId}/displayname`, name)).toMatchObject({ status: 200 });
  const named = async () => {
    const members = await Promise.all(rooms.map((roomId) => memberIn(alice, roomId, bob)));
    return members.filter(({ displayname }) => displayname === 'Robert').length;
  };
  expect(await named()).toBeGreaterThanOrEqual(20);
  await evictDurableObject(shardOf(bob));
  while ((await named()) < rooms.length) await runDurableObjectAlarm(shardOf(bob));
}, 30_000);

test('who deactivates their account leaves all rooms and rejects all invitations', async () => {
  const { alice, bob, rooms } = await manyRooms();
  const secret = await alice.create({ preset: 'private_chat', invite: [bob.userId] });
  await deactivate(bob);
  const all = [...rooms, secret];
  const left = async () => {
    const members = await Promise.all(all.map((roomId) => memberIn(alice, roomId, bob)));
    return members.filter(({ membership }) => membership === 'leave').length;
  };
  expect(await left()).toBeGreaterThanOrEqual(20);
  while ((await left()) < all.length) await runDurableObjectAlarm(shardOf(bob));
}, 30_000);

test('what an erased user said is shown to who was there, and redacted to who comes later', async () => {
  const [alice, bob, eve] = [await aClient('alice'), await aClient('bob'), await aClient('eve')];
  await bob.ask('PUT', `/profile/${bob.userId}/displayname`, { displayname: 'Robert' });
  const roomId = await alice.create({ preset: 'public_chat' });
  await bob.join(roomId);
  const eventId = await bob.say(roomId, 'my secret');
  await deactivate(bob, true);
  await eve.join(roomId);
  const contentFor = async (reader: Client) =>
    (await messagesOf(reader, roomId)).find((event) => event.event_id === eventId)?.content;
  expect(await contentFor(alice)).toMatchObject({ body: 'my secret' });
  expect(await contentFor(eve)).toEqual({});
  expect((await eve.inRoom('GET', roomId, `event/${eventId}`)).body['content']).toEqual({});
  const shown = JSON.stringify([await messagesOf(eve, roomId), await eve.sync()]);
  expect(shown).not.toContain('Robert');
  expect(shown).not.toContain('my secret');
  expect(idsOf(await messagesOf(eve, roomId))).toContain(eventId);
});

test('without the wish to be erased, what a deactivated user said stays', async () => {
  const [alice, bob, eve] = [await aClient('alice'), await aClient('bob'), await aClient('eve')];
  const roomId = await alice.create({ preset: 'public_chat' });
  await bob.join(roomId);
  const eventId = await bob.say(roomId, 'for ever');
  await deactivate(bob);
  await eve.join(roomId);
  const event = (await messagesOf(eve, roomId)).find((shown) => shown.event_id === eventId);
  expect(event?.content).toMatchObject({ body: 'for ever' });
});
