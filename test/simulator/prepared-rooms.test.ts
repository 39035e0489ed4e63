import { describe, expect, test } from 'vitest';

import type { EventId, UserId } from '../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../src/matrix/json/json-value.ts';
import { readSync, type SyncQuery } from '../../src/room/read/read-sync.ts';
import { readSyncText } from '../../src/room/read/sync-text.ts';
import { putReceipt } from '../../src/room/receipts/put-receipt.ts';
import { endStep, endSweep, nextStep } from '../../src/room/retention/sweep.ts';
import type { TransactionKey } from '../../src/room/store.ts';
import { Random } from '../support/simulator/random.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';
import { eventsById, parsed, prepares } from '../support/simulator/sync-texts.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:one' as UserId;
const carl = '@carl:one' as UserId;
const users = [alice, bob, carl];
const DAY = 86_400_000;

function aRoom(version = '11'): RoomRig {
  const room = new RoomRig('one');
  room.create(version, alice);
  room.member(bob, bob, 'join');
  return room;
}

function initial(room: RoomRig, userId: UserId, more: Partial<SyncQuery> = {}): SyncQuery {
  return {
    userId,
    scope: `${userId}/D`,
    from: undefined,
    to: room.store.stream.head(),
    timelineLimit: 5,
    timelineFilter: {},
    stateFilter: {},
    lazyLoadMembers: false,
    fullState: false,
    ignoredUsers: [],
    ...more,
  };
}

/** What the text says, which has to be what a read that nothing was prepared for says. */
function read(room: RoomRig, query: SyncQuery) {
  const text = readSyncText(room.store, query, room.now);
  const told = text && parsed(text);
  expect(eventsById(told)).toEqual(eventsById(readSync(room.store, query, room.now)));
  return told;
}

const bodies = (told: ReturnType<typeof read>) =>
  (told?.timeline ?? []).map(({ content }) => (content as JsonObject)['body']);

const transactionOf = (event: JsonObject) => (event['unsigned'] as JsonObject)['transaction_id'];

function noted(room: RoomRig, userId: UserId, eventId: EventId, device: string): void {
  const key: TransactionKey = { scope: `${userId}/${device}`, path: 'send', txnId: `t ${eventId}` };
  room.turn(({ store: { transactions }, now }) => {
    if (transactions.find(key) === undefined) transactions.put(key, eventId, now);
  });
}

function sweep(room: RoomRig): void {
  for (let steps = 0; steps < 1_000; steps += 1) {
    const step = nextStep(room.store, room.now);
    if (step === undefined) {
      endSweep(room.store);
      return;
    }
    const next = room.turn(({ store, now }) => endStep(store, step, now));
    if (next === undefined || next > room.now) return;
  }
}

const come = (room: RoomRig) => {
  const isIn = room.store.state.memberships(carl).at(-1)?.membership === 'join';
  room.member(carl, carl, isIn ? 'leave' : 'join');
};

const rename = (room: RoomRig, random: Random, user: UserId) =>
  room.send({
    type: 'm.room.member',
    sender: user,
    stateKey: user,
    content: { membership: 'join', displayname: `name ${random.below(9)}` },
  });

const set = (room: RoomRig, type: string, content: JsonObject) =>
  room.send({ type, sender: alice, stateKey: '', content });

/** What people change in a room besides its messages. */
const changes: Readonly<Record<string, (room: RoomRig, random: Random) => void>> = {
  come,
  rename: (room, random) => rename(room, random, random.pick([alice, bob])),
  name: (room, random) => set(room, 'm.room.name', { name: random.pick(['', 'a', 'b']) }),
  visibility: (room, random) =>
    set(room, 'm.room.history_visibility', {
      history_visibility: random.pick(['shared', 'joined', 'world_readable']),
    }),
  age: (room, random) => {
    set(room, 'm.room.retention', random.chance(0.5) ? {} : { max_lifetime: DAY });
    if (random.chance(0.5)) room.now += 2 * DAY;
  },
  sweep,
  erase: (room, random) => {
    if (random.chance(0.3)) room.turn(({ store }) => store.erasures.put(bob, store.stream.head()));
  },
};

/** Does one thing that changes what somebody is shown. */
function act(room: RoomRig, random: Random, said: EventId[]): void {
  const sender = random.pick([alice, bob]);
  const say = (content: JsonObject): EventId => {
    const { eventId } = room.send({ type: 'm.room.message', sender, content: { msgtype: 'm.text', ...content } });
    said.push(eventId);
    return eventId;
  };
  const what = random.weighted({ say: 8, change: 9, relate: 4, redact: 2, receipt: 2, transaction: 2 });
  if (what === 'change') return random.pick(Object.values(changes))(room, random);
  const target = said.length === 0 ? undefined : random.pick(said);
  if (what === 'say' || target === undefined) say({ body: `№ ${said.length}` });
  else if (what === 'transaction') noted(room, sender, target, random.pick(['D', 'E']));
  else if (what === 'redact') {
    room.send({ type: 'm.room.redaction', sender: alice, content: { redacts: target }, redacts: target });
  } else if (what === 'receipt') {
    // One may only have read what one may see.
    const eventId = say({ body: 'and that is read' });
    const receipt = { userId: sender, type: 'm.read', threadId: '', eventId };
    room.turn((ctx) => putReceipt(ctx, { ...receipt, ts: room.now }));
  } else {
    const isRoot = room.store.events.get(target)?.pdu.content['m.relates_to'] === undefined;
    const relType = random.pick(['m.replace', 'm.reference', isRoot ? 'm.thread' : 'm.annotation']);
    say({
      body: 'said otherwise',
      'm.new_content': { body: 'said otherwise', msgtype: 'm.text' },
      'm.relates_to': { rel_type: relType, event_id: target },
    });
  }
}

function asked(room: RoomRig, random: Random): Partial<SyncQuery> {
  const isFiltered = random.chance(0.1);
  return {
    to: room.store.stream.head(),
    timelineLimit: random.pick([0, 1, 5, 5, 5, 200]),
    lazyLoadMembers: random.chance(0.5),
    stateAfter: random.chance(0.3),
    ...(isFiltered ? { timelineFilter: { types: ['m.room.message'] }, stateFilter: { notTypes: ['*name'] } } : {}),
  };
}

describe('an initial sync out of what is prepared says what one that reads everything says', () => {
  test.each(Array.from({ length: 10 }, (_, index) => [index + 1]))('world %i', (seed) => {
    const random = new Random(seed);
    const room = aRoom(random.pick(['6', '11', '12']));
    const said: EventId[] = [];
    let more: Partial<SyncQuery> = {};
    for (let n = 0; n < 60; n += 1) {
      act(room, random, said);
      // Also what was before is asked for again, after it was redacted or has become too old.
      if (random.chance(0.5)) more = asked(room, random);
      // Several readers of the same, one after the other, with nothing written in between.
      for (const userId of users) {
        const ignoredUsers = random.chance(0.1) ? users.filter((other) => other !== userId) : [];
        read(room, initial(room, userId, { ...more, ignoredUsers }));
        if (random.chance(0.2)) room.now += random.below(DAY);
      }
    }
  });
});

test('what is prepared serves every member who may see all of it', () => {
  const room = aRoom();
  for (const body of ['a', 'b', 'c']) room.say(alice, body);
  const prepared = prepares(room.store, () => {
    for (const userId of [alice, bob]) read(room, initial(room, userId));
  });
  expect(prepared).toBe(1);
});

test('what is redacted, edited or said is told at once', () => {
  const room = aRoom();
  const { eventId } = room.say(alice, 'secret');
  expect(bodies(read(room, initial(room, bob)))).toContain('secret');
  room.send({ type: 'm.room.redaction', sender: alice, content: { redacts: eventId }, redacts: eventId });
  expect(bodies(read(room, initial(room, bob)))).not.toContain('secret');
  room.say(bob, 'more');
  expect(bodies(read(room, initial(room, bob)))).toContain('more');
});

test('a message that has become too old is not told any more', () => {
  const room = aRoom();
  room.defaultDays = 2;
  room.say(alice, 'old');
  room.now += DAY;
  room.say(alice, 'young');
  expect(bodies(read(room, initial(room, bob)))).toContain('old');
  room.now += DAY + 1;
  expect(bodies(read(room, initial(room, bob)))).not.toContain('old');
  room.defaultDays = 9;
  expect(bodies(read(room, initial(room, bob)))).toContain('old');
});

test('the transaction ID is told to the device that sent the event alone', () => {
  const room = aRoom();
  const { eventId } = room.say(alice, 'mine');
  noted(room, alice, eventId, 'D');
  const shown = (userId: UserId, scope: string) =>
    (read(room, initial(room, userId, { scope }))?.timeline ?? []).map(transactionOf).filter(Boolean);
  expect(shown(alice, `${alice}/D`)).toEqual([`t ${eventId}`]);
  expect(shown(alice, `${alice}/E`)).toEqual([]);
  expect(shown(bob, `${bob}/D`)).toEqual([]);
});

test('who came later is told less where the history is not shared', () => {
  const room = aRoom();
  room.send({
    type: 'm.room.history_visibility',
    sender: alice,
    stateKey: '',
    content: { history_visibility: 'joined' },
  });
  room.say(alice, 'before');
  room.member(carl, carl, 'join');
  room.say(alice, 'after');
  const query = { timelineLimit: 20 };
  expect(bodies(read(room, initial(room, bob, query)))).toContain('before');
  const told = bodies(read(room, initial(room, carl, query)));
  expect([told.includes('before'), told.includes('after')]).toEqual([false, true]);
});

test('of whom a member ignores nothing is told but state', () => {
  const room = aRoom();
  room.say(alice, 'hello');
  expect(bodies(read(room, initial(room, bob)))).toContain('hello');
  expect(bodies(read(room, initial(room, bob, { ignoredUsers: [alice] })))).not.toContain('hello');
});

test('with lazy loading a member is told of themselves and of those who speak', () => {
  const room = aRoom();
  const many = Array.from({ length: 30 }, (_, n) => `@user${n}:one` as UserId);
  for (const user of many) room.member(user, user, 'join');
  for (const n of [1, 2, 3, 4, 5]) room.say(bob, `${n}`);
  room.send({ type: 'm.room.name', sender: alice, stateKey: '', content: { name: 'a room' } });
  for (const n of [1, 2, 3, 4, 5]) room.say(bob, `${n}`);
  const [first] = many;
  if (first === undefined) throw new Error('there are users');
  const told = read(room, initial(room, first, { lazyLoadMembers: true }));
  const members = (told?.state ?? []).filter(({ type }) => type === 'm.room.member');
  expect(new Set(members.map(({ state_key: user }) => user))).toEqual(new Set([bob, first]));
});
