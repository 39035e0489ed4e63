import { expect, test } from 'vitest';

import { aClient, idsOf, membersOf, type ShownEvent, type SyncBody } from '../../../support/worker/client.ts';

const shows = (roomId: string, eventId: string) => (body: SyncBody) =>
  idsOf(body.rooms?.join?.[roomId]?.timeline.events).includes(eventId);

const lazy = { room: { state: { lazy_load_members: true } } };

test.each([
  { room: { timeline: { limit: 'ten' } } },
  { room: { timeline: { limit: -1 } } },
  { room: { timeline: { limit: 1.5 } } },
  { room: { timeline: [] } },
  { room: { state: { lazy_load_members: 'yes' } } },
  { room: { rooms: ['room'] } },
  { room: { include_leave: 1 } },
  { room: [] },
  { presence: { types: 'm.presence' } },
  { account_data: { senders: ['alice'] } },
  { event_fields: 'content' },
  { event_format: 'other' },
])('the filter %j is refused, stored or in a query', async (filter) => {
  const alice = await aClient();
  const refused = { status: 400, body: { errcode: 'M_BAD_JSON' } };
  expect(await alice.ask('POST', `/user/${alice.userId}/filter`, filter)).toMatchObject(refused);
  const query = encodeURIComponent(JSON.stringify(filter));
  expect(await alice.ask('GET', `/sync?filter=${query}`)).toMatchObject(refused);
});

test('a filter is kept as it was given, keys that nobody knows included', async () => {
  const alice = await aClient();
  const path = `/user/${alice.userId}/filter`;
  const filter = { room: { timeline: { limit: 0, 'org.test.new': [1] } }, event_format: 'client', more: {} };
  const { body } = await alice.ask('POST', path, filter);
  expect((await alice.ask('GET', `${path}/${String(body['filter_id'])}`)).body).toEqual(filter);
});

test('a room that a filter leaves out shows neither account data nor who types', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  const { next_batch: since } = await alice.sync();
  await alice.inRoom('PUT', roomId, `typing/${alice.userId}`, { typing: true, timeout: 60_000 });
  await alice.ask('PUT', `/user/${alice.userId}/rooms/${encodeURIComponent(roomId)}/account_data/m.tag`, { tags: {} });
  expect(Object.keys((await alice.sync({ since })).rooms?.join ?? {})).toEqual([roomId]);
  expect((await alice.sync({ since, filter: { room: { not_rooms: [roomId] } } })).rooms).toBeUndefined();
});

test('each part of a filter may leave out types and rooms of its own', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  const eventId = await alice.say(roomId, 'read me');
  await alice.inRoom('POST', roomId, `receipt/m.read/${eventId}`, {});
  await alice.ask('PUT', `/user/${alice.userId}/rooms/${encodeURIComponent(roomId)}/account_data/m.tag`, { tags: {} });
  await alice.syncUntil(({ rooms }) => rooms?.join?.[roomId]?.ephemeral?.events.length === 1);
  const shownWith = async (room: object) => (await alice.sync({ filter: { room } })).rooms?.join?.[roomId];
  const all = await shownWith({});
  expect([all?.ephemeral?.events.length, all?.account_data.events.length]).toEqual([1, 1]);
  expect((await shownWith({ ephemeral: { not_types: ['m.receipt'] } }))?.ephemeral?.events).toEqual([]);
  expect((await shownWith({ account_data: { types: ['m.other'] } }))?.account_data.events).toEqual([]);
  expect((await shownWith({ account_data: { not_rooms: [roomId] } }))?.account_data.events).toEqual([]);
  expect((await shownWith({ timeline: { rooms: ['!other:x.test'] } }))?.timeline.events).toEqual([]);
  const events = (await shownWith({ timeline: { contains_url: false, limit: 1 } }))?.timeline.events;
  expect(idsOf(events)).toEqual([eventId]);
});

test('who loads members lazily is told of a sender who was silent until now', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create({ preset: 'public_chat', name: 'Named' });
  await bob.join(roomId);
  const said = await alice.say(roomId, 'hello');
  const filter = { room: { ...lazy.room, timeline: { limit: 1 } } };
  const first = await alice.syncUntil(shows(roomId, said), { filter });
  expect(membersOf(first.rooms?.join?.[roomId]?.state.events)).toEqual([alice.userId]);
  const eventId = await bob.say(roomId, 'hello too');
  const { rooms } = await alice.syncUntil(shows(roomId, eventId), { filter, since: first.next_batch });
  expect(membersOf(rooms?.join?.[roomId]?.state.events)).toEqual([bob.userId]);
});

test('who loads members lazily is told of the heroes', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create();
  await bob.join(roomId);
  const filter = { room: { ...lazy.room, timeline: { limit: 1 } } };
  const { rooms } = await alice.syncUntil(shows(roomId, await alice.say(roomId, 'hello')), { filter });
  expect(rooms?.join?.[roomId]?.summary?.['m.heroes']).toEqual([bob.userId]);
  expect(membersOf(rooms?.join?.[roomId]?.state.events).toSorted()).toEqual([alice.userId, bob.userId].toSorted());
});

test('a context with a filter has the state that passes it, and of members the senders alone if that is asked', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create({ preset: 'public_chat', name: 'Old' });
  await bob.join(roomId);
  const eventId = await alice.say(roomId, 'hello');
  const stateWith = async (filter: object) => {
    const query = `limit=0&filter=${encodeURIComponent(JSON.stringify(filter))}`;
    const { status, body } = await alice.inRoom('GET', roomId, `context/${eventId}?${query}`);
    expect(status).toBe(200);
    return body['state'] as ShownEvent[];
  };
  expect(membersOf(await stateWith({})).toSorted()).toEqual([alice.userId, bob.userId].toSorted());
  expect(membersOf(await stateWith({ lazy_load_members: true }))).toEqual([alice.userId]);
  expect((await stateWith({ types: ['m.room.name'] })).map(({ content }) => content)).toEqual([{ name: 'Old' }]);
});

test('of an event only the fields are shown that the filter names', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  const { body } = await alice.inRoom('PUT', roomId, 'send/m.room.message/fields', {
    body: 'read me',
    msgtype: 'm.text',
    'a.dot': { in: 1, out: 2 },
  });
  await alice.syncUntil(shows(roomId, String(body['event_id'])));
  const fields = ['type', 'content.body', String.raw`content.a\.dot.in`, 'content.body.none', 'unsigned.none'];
  const { rooms } = await alice.sync({ filter: { event_fields: fields } });
  expect(rooms?.join?.[roomId]?.timeline.events.at(-1)).toEqual({
    type: 'm.room.message',
    content: { body: 'read me', 'a.dot': { in: 1 } },
  });
  const state = [...(rooms?.join?.[roomId]?.state?.events ?? []), ...(rooms?.join?.[roomId]?.timeline.events ?? [])];
  expect(state.every((event) => !('sender' in event))).toBe(true);
});

test('events are shown as other servers get them, where the filter asks for it', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  const eventId = await alice.say(roomId, 'read me');
  await alice.syncUntil(shows(roomId, eventId));
  const { rooms } = await alice.sync({ filter: { event_format: 'federation' } });
  const shown = rooms?.join?.[roomId]?.timeline.events.at(-1);
  expect(shown).toMatchObject({
    event_id: eventId,
    room_id: roomId,
    content: { body: 'read me' },
    depth: expect.any(Number) as number,
    hashes: { sha256: expect.any(String) as string },
    signatures: { 'eyrie.test': {} },
    prev_events: expect.any(Array) as string[],
    unsigned: { age: expect.any(Number) as number },
  });
});
