import { expect, test } from 'vitest';

import { aClient, idsOf } from '../../../../support/worker/client.ts';
import { everything, sliderOf } from '../../../../support/worker/sliding.ts';

const unknownPos = { status: 400, body: { errcode: 'M_UNKNOWN_POS' } };

test('an answer that was lost is given again, with what came meanwhile', async () => {
  const alice = await aClient();
  const roomId = await alice.create();
  const slider = sliderOf(alice);
  await slider.until(everything(), ({ rooms }) => roomId in rooms);
  const had = slider.pos;
  const one = await alice.say(roomId, 'one');
  const lost = await slider.until(everything(), ({ rooms }) => idsOf(rooms[roomId]?.timeline).includes(one));
  const two = await alice.say(roomId, 'two');
  await alice.syncUntil(({ rooms }) => idsOf(rooms?.join?.[roomId]?.timeline.events).includes(two));
  slider.pos = had;
  const repeated = await slider.next(everything());
  expect(idsOf(repeated.rooms[roomId]?.timeline)).toEqual([one, two]);
  // The client went on without the lost answer: it is no more.
  const stale = sliderOf(alice);
  stale.pos = lost.pos;
  expect(await stale.ask(everything())).toMatchObject(unknownPos);
  expect((await slider.next(everything())).rooms).toEqual({});
});

test('a first answer that was lost begins another connection of the name', async () => {
  const alice = await aClient();
  const roomId = await alice.create();
  const [lost, slider] = [sliderOf(alice), sliderOf(alice)];
  await lost.until(everything(), ({ rooms }) => roomId in rooms);
  expect((await slider.next(everything())).rooms).toHaveProperty([roomId]);
  expect(await lost.ask(everything())).toMatchObject(unknownPos);
});

test('a pos that is not of the connection, the device and the user is unknown', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  const slider = sliderOf(alice);
  await slider.next({ ...everything(), conn_id: 'one' });
  const { pos } = slider;
  expect(await slider.ask({ ...everything(), conn_id: 'two' })).toMatchObject(unknownPos);
  const theirs = sliderOf(bob);
  theirs.pos = pos;
  expect(await theirs.ask({ ...everything(), conn_id: 'one' })).toMatchObject(unknownPos);
  for (const odd of [
    '5',
    's1_2_0',
    `x${pos}`,
    String(pos).replace('_1_s', '_0_s'),
    String(pos).replace('_s1_', '_s9_'),
  ]) {
    slider.pos = odd;
    expect(await slider.ask({ ...everything(), conn_id: 'one' })).toMatchObject(unknownPos);
  }
});

test('connections go on side by side, and the ninth ends the oldest', async () => {
  const alice = await aClient();
  const roomId = await alice.create();
  const bodies = Array.from({ length: 9 }, (_, at) => ({ ...everything(), conn_id: `c${at}` }));
  const sliders = bodies.map(() => sliderOf(alice));
  for (const [at, slider] of sliders.entries()) await slider.until(bodies[at] ?? {}, ({ rooms }) => roomId in rooms);
  const answers = await Promise.all(sliders.map((slider, at) => slider.ask(bodies[at] ?? {})));
  expect(answers.map(({ status }) => status)).toEqual([400, ...Array.from({ length: 8 }, () => 200)]);
});

test('a poll waits for news, and one that another takes the place of ends without any', async () => {
  const alice = await aClient();
  const roomId = await alice.create();
  const slider = sliderOf(alice);
  await slider.until(everything(), ({ rooms }) => roomId in rooms);
  const { pos } = slider;
  const older = slider.ask(everything(), { timeout: '60000' });
  const other = sliderOf(alice);
  await other.next({ ...everything(), conn_id: 'other' });
  const said = await alice.say(roomId, 'wake up');
  const first = await older;
  expect(first).toMatchObject({ status: 200, body: { rooms: { [roomId]: { timeline: [{ event_id: said }] } } } });
  slider.pos = String(first.body['pos']);
  const waiting = slider.ask(everything(), { timeout: '60000' });
  const quick = sliderOf(alice);
  quick.pos = slider.pos;
  // The later one is answered at once, and whatever the older one says, nothing is lost.
  expect(await quick.next(everything())).toMatchObject({ rooms: {}, pos: slider.pos });
  const next = alice.say(roomId, 'again');
  expect((await waiting).status).toBe(200);
  await next;
  expect(pos).not.toBe(slider.pos);
});

// A client that is given its txn_id back leaves out what it takes for kept here.
test('a timeout without news is answered with the pos that was given, and without a txn_id', async () => {
  const alice = await aClient();
  const roomId = await alice.create();
  const slider = sliderOf(alice);
  await slider.until(everything(), ({ rooms }) => roomId in rooms);
  const { pos } = slider;
  expect(await slider.next({ ...everything(), txn_id: 't1' }, { timeout: '50' })).toEqual({
    pos,
    lists: { all: { count: 1 } },
    rooms: {},
    extensions: {},
  });
});

test('a device that is logged out and in again has no connections', async () => {
  const alice = await aClient();
  const slider = sliderOf(alice);
  await slider.next(everything());
  expect(await alice.ask('POST', '/logout', {})).toMatchObject({ status: 200 });
  expect(await slider.ask(everything())).toMatchObject({ status: 401 });
});

const list = { timeline_limit: 1, required_state: [] };
const many = (count: number, of: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, of]));

test.each([
  ['too many lists', { lists: many(101, list) }],
  ['a list of no name', { lists: { 'a b': list } }],
  ['lists that are none', { lists: [] }],
  ['too many subscriptions', { room_subscriptions: many(101, list) }],
  ['no limit', { lists: { all: { required_state: [] } } }],
  ['a negative limit', { lists: { all: { ...list, timeline_limit: -1 } } }],
  ['a range that goes back', { lists: { all: { ...list, ranges: [[5, 1]] } } }],
  ['a range of one', { lists: { all: { ...list, range: [5] } } }],
  ['too many ranges', { lists: { all: { ...list, ranges: Array.from({ length: 101 }, () => [0, 1]) } } }],
  ['state that is no pair', { lists: { all: { ...list, required_state: [['m.room.name']] } } }],
  ['state of a number', { lists: { all: { ...list, required_state: { include: [{ type: 5 }] } } } }],
  ['too much state', { lists: { all: { ...list, required_state: Array.from({ length: 257 }, () => ['a', 'b']) } } }],
  [
    'too much state in all',
    {
      lists: many(5, { ...list, required_state: Array.from({ length: 201 }, (_, n) => ['a', String(n)]) }),
    },
  ],
  ['a filter of text', { lists: { all: { ...list, filters: { is_dm: 'yes' } } } }],
  ['a tag of nothing', { lists: { all: { ...list, filters: { tags: [null] } } } }],
  ['a long conn_id', { conn_id: 'c'.repeat(256) }],
  ['an extension of text', { extensions: { typing: 'yes' } }],
  ['a to-device token of others', { extensions: { to_device: { enabled: true, since: 'x' } } }],
  ['no messages to the device', { extensions: { to_device: { enabled: true, limit: 0 } } }],
])('%s is refused', async (_what, body) => {
  const alice = await aClient();
  expect(await sliderOf(alice).ask(body)).toMatchObject({ status: 400, body: { errcode: 'M_INVALID_PARAM' } });
});
