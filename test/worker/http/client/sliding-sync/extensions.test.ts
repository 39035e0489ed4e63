import { expect, test } from 'vitest';

import { aClient, idsOf, type Client } from '../../../../support/worker/client.ts';
import { everything, sliderOf, type SlidBody, type Slider } from '../../../../support/worker/sliding.ts';

const on = (...names: readonly string[]) => ({
  ...everything(),
  extensions: Object.fromEntries(names.map((name) => [name, { enabled: true }])),
});

type Rooms = Readonly<Record<string, unknown>>;

const roomsOf = ({ extensions }: SlidBody, name: string): Rooms => (extensions[name]?.['rooms'] ?? {}) as Rooms;

/** Goes on until an extension tells of a room. */
async function toldOf(slider: Slider, body: object, name: string, roomId: string): Promise<unknown> {
  return roomsOf(await slider.until(body, (answer) => roomId in roomsOf(answer, name)), name)[roomId];
}

const tag = (client: Client, roomId: string, name: string) =>
  client.ask('PUT', `/user/${client.userId}/rooms/${encodeURIComponent(roomId)}/tags/${name}`, {});

const tagged = (...names: readonly string[]) => [
  { type: 'm.tag', content: { tags: Object.fromEntries(names.map((name) => [name, {}])) } },
];

const receipt = (client: Client, roomId: string, eventId: string, type = 'm.read') =>
  client.inRoom('POST', roomId, `receipt/${type}/${encodeURIComponent(eventId)}`, {});

async function twoInARoom() {
  const [alice, bob] = [await aClient(), await aClient()];
  const roomId = await alice.create();
  await bob.join(roomId);
  return { alice, bob, roomId };
}

test('what is not switched on is not told', async () => {
  const alice = await aClient();
  const { extensions } = await sliderOf(alice).next({
    extensions: { typing: { enabled: false }, odd: { enabled: true } },
  });
  expect(extensions).toEqual({});
});

test('to-device messages have a token, and keys are counted', async () => {
  const alice = await aClient();
  const slider = sliderOf(alice);
  const body = { extensions: { to_device: { enabled: true }, e2ee: { enabled: true } } };
  expect((await slider.next(body)).extensions).toEqual({
    to_device: { next_batch: '0', events: [] },
    e2ee: {
      device_lists: { changed: [], left: [] },
      device_one_time_keys_count: { signed_curve25519: 0 },
      device_unused_fallback_key_types: [],
    },
  });
  const key = { key: 'c2VjcmV0', signatures: {} };
  const keys = {
    one_time_keys: { 'signed_curve25519:AAAA': key },
    fallback_keys: { 'signed_curve25519:BBBB': { ...key, fallback: true } },
  };
  expect(await alice.ask('POST', '/keys/upload', keys)).toMatchObject({ status: 200 });
  const since = { extensions: { ...body.extensions, to_device: { enabled: true, since: '0' } } };
  expect((await slider.next(since)).extensions).toMatchObject({
    to_device: { next_batch: '0' },
    e2ee: {
      device_one_time_keys_count: { signed_curve25519: 1 },
      device_unused_fallback_key_types: ['signed_curve25519'],
    },
  });
});

test('account data comes whole, then as it changes, and again where an answer was lost', async () => {
  const alice = await aClient();
  const roomId = await alice.create();
  await tag(alice, roomId, 'u.one');
  const slider = sliderOf(alice);
  const body = on('account_data');
  const first = await slider.until(body, ({ rooms }) => roomId in rooms);
  const types = ((first.extensions['account_data']?.['global'] ?? []) as readonly { type: string }[]).map(
    ({ type }) => type,
  );
  expect(roomsOf(first, 'account_data')).toEqual({ [roomId]: tagged('u.one') });
  const had = slider.pos;
  await alice.ask('PUT', `/user/${alice.userId}/account_data/org.example`, { a: 1 });
  await tag(alice, roomId, 'u.two');
  const told = [{ type: 'org.example', content: { a: 1 } }];
  const changed = { account_data: { global: told, rooms: { [roomId]: tagged('u.one', 'u.two') } } };
  expect(await slider.next(body)).toMatchObject({ rooms: {}, extensions: changed });
  slider.pos = had;
  expect(await slider.next(body)).toMatchObject({ rooms: {}, extensions: changed });
  expect((await slider.next(body)).extensions).toEqual({ account_data: {} });
  expect([...types]).toContain('m.push_rules');
});

test('account data that changed while nobody wanted it comes when it is wanted', async () => {
  const alice = await aClient();
  const [one, two] = [await alice.create(), await alice.create()];
  await tag(alice, one, 'u.one');
  const slider = sliderOf(alice);
  const body = on('account_data');
  const none = { ...body, extensions: { account_data: { enabled: true, lists: [], rooms: [] } } };
  await slider.until(everything(), ({ rooms }) => one in rooms || two in rooms);
  await slider.next(everything());
  expect(await toldOf(slider, body, 'account_data', one)).toEqual(tagged('u.one'));
  await tag(alice, one, 'u.two');
  await tag(alice, two, 'u.two');
  await alice.say(one, 'an answer that is kept');
  expect(roomsOf(await slider.until(none, ({ rooms }) => one in rooms), 'account_data')).toEqual({});
  const later = await slider.next(body);
  expect(roomsOf(later, 'account_data')).toEqual({ [one]: tagged('u.one', 'u.two'), [two]: tagged('u.two') });
});

test('typing is told as it changes, without who is ignored', async () => {
  const { alice, bob, roomId } = await twoInARoom();
  const slider = sliderOf(alice);
  const body = on('typing');
  await slider.until(body, ({ rooms }) => rooms[roomId]?.joined_count === 2);
  const type = (typing: boolean) =>
    bob.inRoom('PUT', roomId, `typing/${bob.userId}`, typing ? { typing, timeout: 60_000 } : { typing });
  await type(true);
  const typed = { type: 'm.typing', content: { user_ids: [bob.userId] } };
  expect(await toldOf(slider, body, 'typing', roomId)).toEqual(typed);
  const fresh = sliderOf(alice);
  expect(roomsOf(await fresh.next({ ...body, conn_id: 'new' }), 'typing')).toEqual({ [roomId]: typed });
  await type(false);
  expect(await toldOf(slider, body, 'typing', roomId)).toEqual({ type: 'm.typing', content: { user_ids: [] } });
  const ignored = { ignored_users: { [bob.userId]: {} } };
  await alice.ask('PUT', `/user/${alice.userId}/account_data/m.ignored_user_list`, ignored);
  await type(true);
  expect(await toldOf(slider, body, 'typing', roomId)).toEqual({ type: 'm.typing', content: { user_ids: [] } });
});

test('typing that began or ended while a room was out of the list is told when it is back', async () => {
  const { alice, bob, roomId } = await twoInARoom();
  const other = await alice.create();
  await bob.join(other);
  const slider = sliderOf(alice);
  const body = { ...everything({}, { ranges: [[0, 0]] }), extensions: { typing: { enabled: true } } };
  const show = async (room: string) => {
    const said = await bob.say(room, 'to the top');
    await slider.until(body, ({ rooms }) => idsOf(rooms[room]?.timeline).includes(said));
  };
  const type = (typing: boolean) =>
    bob.inRoom('PUT', roomId, `typing/${bob.userId}`, typing ? { typing, timeout: 60_000 } : { typing });
  await show(roomId);
  for (const typing of [true, false]) {
    await show(other);
    await type(typing);
    await show(other);
    await bob.say(roomId, 'back');
    const told = { type: 'm.typing', content: { user_ids: typing ? [bob.userId] : [] } };
    expect(await toldOf(slider, body, 'typing', roomId)).toEqual(told);
  }
});

test('receipts are told of what is shown, then as they come, and private ones to nobody else', async () => {
  const { alice, bob, roomId } = await twoInARoom();
  const [one, two] = [await alice.say(roomId, 'one'), await alice.say(roomId, 'two')];
  await receipt(bob, roomId, one);
  await alice.syncUntil(({ rooms }) => JSON.stringify(rooms?.join?.[roomId]?.ephemeral).includes(one));
  const slider = sliderOf(alice);
  const few = { ...on('receipts'), ...everything({ timeline_limit: 1 }) };
  const first = await slider.until(few, ({ rooms }) => rooms[roomId]?.timeline.at(-1)?.event_id === two);
  expect(roomsOf(first, 'receipts')).toEqual({});
  await receipt(bob, roomId, two, 'm.read.private');
  await receipt(bob, roomId, two);
  const told = await slider.until(few, (answer) => roomId in roomsOf(answer, 'receipts'));
  expect(roomsOf(told, 'receipts')[roomId]).toMatchObject({
    type: 'm.receipt',
    content: { [two]: { 'm.read': { [bob.userId]: {} } } },
  });
  expect(JSON.stringify(told.extensions)).not.toContain('m.read.private');
  expect(told.rooms).toEqual({});
  expect((await slider.next(few)).extensions).toEqual({ receipts: { rooms: {} } });
});

test('receipts that are wanted later, or of subscribed rooms alone, are told then', async () => {
  const { alice, bob, roomId } = await twoInARoom();
  const said = await alice.say(roomId, 'hello');
  await receipt(alice, roomId, said);
  const slider = sliderOf(alice);
  await slider.until(everything(), ({ rooms }) => rooms[roomId]?.notification_count === 0);
  await receipt(bob, roomId, said);
  const extensions = { receipts: { enabled: true, lists: [], rooms: ['*'] } };
  expect(roomsOf(await slider.next({ ...everything(), extensions }), 'receipts')).toEqual({});
  const subscribed = { [roomId]: { timeline_limit: 10, required_state: [] } };
  const body = { ...everything(), extensions, room_subscriptions: subscribed };
  expect(await toldOf(slider, body, 'receipts', roomId)).toMatchObject({
    content: { [said]: { 'm.read': { [alice.userId]: {} } } },
  });
});

test('receipts that came while they were not wanted are told when they are wanted again', async () => {
  const { alice, bob, roomId } = await twoInARoom();
  const said = await alice.say(roomId, 'hello');
  const slider = sliderOf(alice);
  const body = on('receipts');
  const without = { ...body, extensions: { receipts: { enabled: true, lists: [], rooms: [] } } };
  const isLast = (id: string) => (answer: SlidBody) => answer.rooms[roomId]?.timeline.at(-1)?.event_id === id;
  await slider.until(body, isLast(said));
  await receipt(bob, roomId, said);
  await alice.syncUntil(({ rooms }) => JSON.stringify(rooms?.join?.[roomId]?.ephemeral).includes(bob.userId));
  const later = await alice.say(roomId, 'still there?');
  await slider.until(without, isLast(later));
  expect(roomsOf(await slider.next(body), 'receipts')).toMatchObject({
    [roomId]: { content: { [said]: { 'm.read': { [bob.userId]: {} } } } },
  });
  expect((await slider.next(body)).extensions).toEqual({ receipts: { rooms: {} } });
});

test('a star stands for all lists', async () => {
  const { alice, bob, roomId } = await twoInARoom();
  const said = await alice.say(roomId, 'hello');
  await receipt(bob, roomId, said);
  const body = { ...everything(), extensions: { receipts: { enabled: true, lists: ['*'], rooms: [] } } };
  expect(await toldOf(sliderOf(alice), body, 'receipts', roomId)).toMatchObject({
    content: { [said]: { 'm.read': { [bob.userId]: {} } } },
  });
});
