import { expect, test } from 'vitest';

import { aClient, idsOf, membersOf, type Client } from '../../../../support/worker/client.ts';
import { everything, sliderOf, type Slider, type SlidRoom } from '../../../../support/worker/sliding.ts';

/** What the next answer that has something of a room says of it. */
async function roomOf(slider: Slider, roomId: string, body: object = everything()): Promise<SlidRoom> {
  const { rooms } = await slider.until(body, (answer) => roomId in answer.rooms);
  return rooms[roomId] as SlidRoom;
}

const typesOf = (room: SlidRoom) => room.required_state.map(({ type }) => type).toSorted();

const state = (client: Client, roomId: string, type: string, content: object) =>
  client.inRoom('PUT', roomId, `state/${type}/`, content);

test('a room is told whole once, and then only what is new in it', async () => {
  const alice = await aClient();
  const roomId = await alice.create({ preset: 'public_chat', name: 'Kitchen' });
  const slider = sliderOf(alice);
  const wanted = everything({
    required_state: [
      ['m.room.create', ''],
      ['m.room.name', ''],
    ],
  });
  const whole = await roomOf(slider, roomId, wanted);
  expect(whole).toMatchObject({ initial: true, name: 'Kitchen', joined_count: 1, invited_count: 0, num_live: 0 });
  expect(whole).toMatchObject({ membership: 'join', lists: ['all'] });
  expect(typesOf(whole)).toEqual(['m.room.create', 'm.room.name']);
  expect(whole).not.toHaveProperty('heroes');
  const said = await alice.say(roomId, 'hello');
  const news = await roomOf(slider, roomId, wanted);
  expect(news).toMatchObject({ limited: false, num_live: 1, required_state: [] });
  expect(idsOf(news.timeline)).toEqual([said]);
  for (const field of ['initial', 'name', 'heroes', 'joined_count']) expect(news).not.toHaveProperty(field);
  expect(news.bump_stamp).toBeGreaterThan(whole.bump_stamp);
  expect((await slider.next(wanted)).rooms).toEqual({});
});

test('more than the limit is limited, and can be paged back from prev_batch and from pos', async () => {
  const alice = await aClient();
  const roomId = await alice.create();
  const slider = sliderOf(alice);
  const wanted = everything({ timeline_limit: 1 });
  await roomOf(slider, roomId, wanted);
  const said = [await alice.say(roomId, 'one'), await alice.say(roomId, 'two'), await alice.say(roomId, 'three')];
  await alice.syncUntil(({ rooms }) => idsOf(rooms?.join?.[roomId]?.timeline.events).includes(String(said[2])));
  const room = await roomOf(slider, roomId, wanted);
  expect(room).toMatchObject({ limited: true, num_live: 1 });
  expect(idsOf(room.timeline)).toEqual([said[2]]);
  for (const [from, first] of [
    [room.prev_batch, said[1]],
    [slider.pos, said[2]],
  ]) {
    const page = await alice.inRoom('GET', roomId, `messages?dir=b&limit=1&from=${from}`);
    expect(page).toMatchObject({ status: 200, body: { chunk: [{ event_id: first }] } });
  }
});

test('who wants more events of a room than before is given them, once', async () => {
  const alice = await aClient();
  const roomId = await alice.create();
  const said = [await alice.say(roomId, 'one'), await alice.say(roomId, 'two'), await alice.say(roomId, 'three')];
  const slider = sliderOf(alice);
  const [few, more] = [everything({ timeline_limit: 1 }), { timeline_limit: 3, required_state: [] }];
  await slider.until(few, ({ rooms }) => idsOf(rooms[roomId]?.timeline).includes(String(said[2])));
  const opened = { ...few, room_subscriptions: { [roomId]: more } };
  const room = await roomOf(slider, roomId, opened);
  expect(room).toMatchObject({ unstable_expanded_timeline: true, num_live: 0, limited: true });
  expect(idsOf(room.timeline)).toEqual(said);
  expect((await slider.next(opened)).rooms).toEqual({});
  expect((await slider.next(few)).rooms).toEqual({});
  expect((await slider.next(opened)).rooms).toEqual({});
});

test('required state goes by wildcards, and what is asked for later comes at once', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  const roomId = await alice.create();
  await bob.join(roomId);
  const ofMembers = async (pairs: readonly (readonly string[])[]) => {
    const slider = sliderOf(alice);
    const room = await slider.until(
      everything({ timeline_limit: 0, required_state: pairs }),
      ({ rooms }) => rooms[roomId]?.joined_count === 2,
    );
    return room.rooms[roomId]?.required_state ?? [];
  };
  expect(membersOf(await ofMembers([['m.room.member', '$ME']]))).toEqual([alice.userId]);
  expect(membersOf(await ofMembers([['m.room.member', '*']])).toSorted()).toEqual(
    [alice.userId, bob.userId].toSorted(),
  );
  expect(await ofMembers([['*', bob.userId]])).toHaveLength(1);
  expect(membersOf(await ofMembers([['*', '*']]))).toHaveLength(2);
  const slider = sliderOf(alice);
  await roomOf(slider, roomId, everything());
  const later = everything({ required_state: [['m.room.join_rules', '']] });
  const expanded = await roomOf(slider, roomId, later);
  expect(typesOf(expanded)).toEqual(['m.room.join_rules']);
  expect(expanded.timeline).toEqual([]);
  expect((await slider.next(later)).rooms).toEqual({});
});

test('state that changed while nobody asked for it comes when it is asked for again', async () => {
  const alice = await aClient();
  const roomId = await alice.create();
  const slider = sliderOf(alice);
  const [withTopic, without] = [everything({ required_state: [['m.room.topic', '']] }), everything()];
  await roomOf(slider, roomId, withTopic);
  await state(alice, roomId, 'm.room.topic', { topic: 'new' });
  expect((await roomOf(slider, roomId, without)).required_state).toEqual([]);
  expect((await roomOf(slider, roomId, withTopic)).required_state).toMatchObject([{ content: { topic: 'new' } }]);
});

test('members are loaded lazily: those of the timeline, and who changes', async () => {
  const [alice, bob, carol] = [await aClient(), await aClient(), await aClient()];
  const roomId = await alice.create();
  await bob.join(roomId);
  await alice.say(roomId, 'hello');
  const slider = sliderOf(alice, 'stable');
  const wanted = everything({
    timeline_limit: 1,
    required_state: { include: [{}], exclude: [{ type: 'm.room.create' }], lazy_members: true },
  });
  const whole = (await slider.until(wanted, ({ rooms }) => rooms[roomId]?.joined_count === 2)).rooms[roomId];
  expect(membersOf(whole?.required_state)).toEqual([whole?.timeline[0]?.sender]);
  expect(whole?.required_state.map(({ type }) => type)).toContain('m.room.power_levels');
  expect(whole?.required_state.map(({ type }) => type)).not.toContain('m.room.create');
  await carol.join(roomId);
  const joined = await roomOf(slider, roomId, wanted);
  expect(membersOf(joined.required_state)).toEqual([carol.userId]);
  expect(joined).toMatchObject({ joined_count: 3 });
});

test('a name that is removed is null, and the room is called by its heroes', async () => {
  const [alice, bob] = [await aClient(), await aClient('bob')];
  const roomId = await alice.create({ preset: 'public_chat', name: 'Kitchen' });
  await bob.join(roomId);
  const slider = sliderOf(alice);
  await slider.until(everything(), ({ rooms }) => rooms[roomId]?.joined_count === 2);
  await state(alice, roomId, 'm.room.name', {});
  await state(alice, roomId, 'm.room.avatar', { url: 'mxc://here/kitchen' });
  const first = await roomOf(slider, roomId);
  expect(first).toMatchObject({ name: null, heroes: [{ user_id: bob.userId }] });
  const avatar = first.avatar ?? (await roomOf(slider, roomId)).avatar;
  expect(avatar).toBe('mxc://here/kitchen');
});

test('an invitation shows stripped state, and the room once it is accepted', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  const roomId = await alice.create({ preset: 'private_chat', name: 'Attic', invite: [bob.userId] });
  const [old, slider] = [sliderOf(bob), sliderOf(bob, 'stable')];
  const invited = await roomOf(slider, roomId);
  expect(invited).toMatchObject({ membership: 'invite' });
  expect(invited.stripped_state?.map(({ type }) => type)).toContain('m.room.name');
  expect((await roomOf(old, roomId, { ...everything(), conn_id: 'old' })).invite_state).toHaveLength(
    invited.stripped_state?.length ?? 0,
  );
  for (const field of ['timeline', 'required_state', 'name', 'joined_count']) expect(invited).not.toHaveProperty(field);
  await bob.join(roomId);
  expect(await roomOf(slider, roomId)).toMatchObject({ initial: true, membership: 'join', name: 'Attic' });
});

test('who leaves, is kicked, or withdraws from an invitation is told so, and comes back to a whole room', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  const roomId = await alice.create();
  await bob.join(roomId);
  const slider = sliderOf(bob);
  await slider.until(everything(), ({ rooms }) => rooms[roomId]?.membership === 'join');
  await bob.inRoom('POST', roomId, 'leave', {});
  const left = await roomOf(slider, roomId);
  expect(left).toMatchObject({ membership: 'leave' });
  expect(left.timeline.at(-1)).toMatchObject({ state_key: bob.userId, content: { membership: 'leave' } });
  await alice.say(roomId, 'about bob');
  await bob.join(roomId);
  expect(await roomOf(slider, roomId)).toMatchObject({ initial: true, membership: 'join', joined_count: 2 });
  await alice.inRoom('POST', roomId, 'kick', { user_id: bob.userId, reason: 'noise' });
  const kicked = await roomOf(slider, roomId);
  expect(kicked.timeline.at(-1)).toMatchObject({ content: { membership: 'leave', reason: 'noise' } });
  expect(Object.keys((await sliderOf(bob).next({ ...everything(), conn_id: 'new' })).rooms)).toEqual([roomId]);
  await alice.inRoom('POST', roomId, 'invite', { user_id: bob.userId });
  expect(await roomOf(slider, roomId)).toMatchObject({ membership: 'invite' });
  await bob.inRoom('POST', roomId, 'leave', {});
  const rejected = await roomOf(slider, roomId);
  expect(rejected).toMatchObject({ membership: 'leave' });
  expect(rejected.timeline.at(-1)).toMatchObject({ sender: bob.userId, content: { membership: 'leave' } });
});

test('a room that was left is no part of a new connection, and rooms of others never are', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  const roomId = await alice.create({ preset: 'private_chat' });
  const own = await bob.create();
  await bob.inRoom('POST', own, 'leave', {});
  const subscribed = { timeline_limit: 5, required_state: [['*', '*']] };
  const body = { ...everything(), room_subscriptions: { [roomId]: subscribed, '!nowhere:elsewhere': subscribed } };
  expect(await sliderOf(bob).next(body)).toMatchObject({ lists: { all: { count: 0 } }, rooms: {} });
});

test('unread counts follow messages and the own receipt', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  const roomId = await alice.create();
  await bob.join(roomId);
  const slider = sliderOf(alice);
  await slider.until(everything(), ({ rooms }) => rooms[roomId]?.joined_count === 2);
  const said = await bob.say(roomId, `hello ${alice.userId}`);
  const unread = await roomOf(slider, roomId);
  expect(unread.notification_count).toBe(1);
  await alice.inRoom('POST', roomId, `receipt/m.read.private/${encodeURIComponent(said)}`, {});
  expect(await roomOf(slider, roomId)).toMatchObject({ notification_count: 0, timeline: [] });
});
