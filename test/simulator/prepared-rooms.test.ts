import { expect, test, vi } from 'vitest';

import type { UserId } from '../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../src/matrix/json/json-value.ts';
import { readSync, type SyncQuery } from '../../src/room/read/read-sync.ts';
import { readSyncText } from '../../src/room/read/sync-text.ts';
import { noted } from '../support/simulator/prepared-world.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';
import { eventsById, parsed, prepares } from '../support/simulator/sync-texts.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:one' as UserId;
const carl = '@carl:one' as UserId;
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

test('what is prepared serves every member who may see all of it', () => {
  const room = aRoom();
  for (const body of ['a', 'b', 'c']) room.say(alice, body);
  const prepared = prepares(room.store, () => {
    for (const userId of [alice, bob]) read(room, initial(room, userId));
  });
  expect(prepared).toBe(1);
});

test('what is prepared counts in the memory that rooms share as what it takes, with the filter that it is of', () => {
  const bytesWith = (body: string, type = 'm.none') => {
    const room = aRoom();
    room.say(alice, body);
    const { prepared } = room.store;
    const put = vi.spyOn(prepared, 'put');
    read(room, initial(room, bob, { stateFilter: { notTypes: [type] } }));
    return put.mock.calls[0]?.[2] ?? 0;
  };
  const [least, face] = [bytesWith(''), '\u{1f600}'];
  expect(bytesWith('x'.repeat(5_000)) - least).toBeGreaterThanOrEqual(5_000);
  expect(bytesWith(face + 'x'.repeat(5_000)) - least).toBeGreaterThanOrEqual(10_000);
  expect(bytesWith('', 'x'.repeat(5_000)) - least).toBeGreaterThanOrEqual(4_990);
  expect(bytesWith('', face + 'x'.repeat(5_000)) - least).toBeGreaterThanOrEqual(9_990);
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
  const transactionId = noted(room, eventId, 'D');
  const shown = (userId: UserId, scope: string) =>
    (read(room, initial(room, userId, { scope }))?.timeline ?? []).map(transactionOf).filter(Boolean);
  expect(shown(alice, `${alice}/D`)).toEqual([transactionId]);
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
