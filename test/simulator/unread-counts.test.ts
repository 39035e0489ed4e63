import { describe, expect, test } from 'vitest';

import type { EventId, UserId } from '../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../src/matrix/json/json-value.ts';
import { pushJudge } from '../../src/matrix/push-rules/judge.ts';
import { NO_OWN_RULES, type OwnRules } from '../../src/matrix/push-rules/ruleset.ts';
import { readSync, type SyncRoom } from '../../src/room/read/read-sync.ts';
import { putReceipt } from '../../src/room/receipts/put-receipt.ts';
import { Random } from '../support/simulator/random.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:one' as UserId;
const carl = '@carl:one' as UserId;
const users = [alice, bob, carl];
const keyword: OwnRules = {
  rules: {
    content: [
      {
        rule_id: 'cake',
        default: false,
        enabled: true,
        pattern: 'cake',
        actions: ['notify', { set_tweak: 'highlight' }],
      },
    ],
  },
  changed: {},
};

interface Reader {
  readonly userId: UserId;
  readonly pushRules?: OwnRules;
  readonly ignoredUsers: readonly UserId[];
}

function unreadOf(room: RoomRig, reader: Reader, to = room.store.stream.head()): SyncRoom['unread'] | undefined {
  const all = { timelineFilter: {}, stateFilter: {}, lazyLoadMembers: false, fullState: false, timelineLimit: 1 };
  return readSync(room.store, { ...all, ...reader, scope: 'd', from: to - 1, to }, room.now)?.unread;
}

/** The same counted without anything that is kept at hand: over the whole events of the room, one after the other. */
function counted(room: RoomRig, { userId, pushRules = NO_OWN_RULES, ignoredUsers }: Reader): SyncRoom['unread'] {
  const { store } = room;
  const judge = pushJudge(userId, pushRules);
  const head = store.stream.head();
  const placeOf = (eventId: EventId) => store.events.get(eventId)?.history?.anchor ?? 0;
  const receipts = store.receipts.of(userId);
  const joinedAt = store.state.memberships(userId).findLast(({ membership }) => membership === 'join')?.fromPos ?? 0;
  const events = store.history
    .newest(joinedAt, head, 100_000)
    .map((eventId) => store.events.get(eventId))
    .filter((event) => event !== undefined)
    .map((event) => ({ ...event, thread: store.history.threadOf(event.pdu.eventId) ?? 'main' }));
  const unread = events.filter((event) => {
    const place = placeOf(event.pdu.eventId);
    const isAnswered = events.some(
      ({ pdu, thread }) => pdu.sender === userId && thread === event.thread && placeOf(pdu.eventId) > place,
    );
    const isRead = receipts.some(
      ({ threadId, eventId }) => (threadId === '' || threadId === event.thread) && placeOf(eventId) >= place,
    );
    return !isAnswered && !isRead && event.redactedBy === undefined && !ignoredUsers.includes(event.pdu.sender);
  });
  const threads: Record<string, { notification_count: number; highlight_count: number }> = {};
  for (const { pdu, thread } of unread) {
    const { isNotified, isHighlighted } = judge(
      {
        type: pdu.type,
        sender: pdu.sender,
        content: pdu.content,
        room_id: pdu.roomId,
        ...(pdu.stateKey === undefined ? {} : { state_key: pdu.stateKey }),
      },
      { displayName: () => undefined, memberCount: () => 3, senderMayNotify: () => pdu.sender === alice },
    );
    const held = threads[thread] ?? { notification_count: 0, highlight_count: 0 };
    if (!isNotified) continue;
    threads[thread] = {
      notification_count: held.notification_count + 1,
      highlight_count: held.highlight_count + (isHighlighted ? 1 : 0),
    };
  }
  const { main = { notification_count: 0, highlight_count: 0 }, ...others } = threads;
  return { main, threads: others };
}

function aRoom(): RoomRig {
  const room = new RoomRig('one');
  room.create('11', alice);
  for (const userId of users) room.turn((ctx) => ctx.store.localUsers.setShard(userId, 's1'));
  for (const userId of [bob, carl]) room.member(userId, userId, 'join');
  return room;
}

/** Does one thing that somebody might. */
function step(room: RoomRig, random: Random, said: EventId[]): void {
  const userId = random.pick(users);
  const say = (content: JsonObject, type = 'm.room.message') =>
    void said.push(room.send({ type, sender: userId, content: { msgtype: 'm.text', ...content } }).eventId);
  const target = said.length === 0 ? undefined : random.pick(said);
  const what = random.weighted({
    say: 5,
    mention: 2,
    everybody: 1,
    notice: 1,
    relate: 4,
    receipt: 3,
    redact: 1,
    join: 1,
  });
  if (what === 'say') say({ body: random.pick(['tea', 'cake', 'pancake']) });
  else if (what === 'mention') say({ body: 'you', 'm.mentions': { user_ids: [random.pick(users)] } });
  else if (what === 'everybody') say({ body: 'all', 'm.mentions': { room: true } });
  else if (what === 'notice') say({ body: 'cake', msgtype: 'm.notice' });
  else if (what === 'join') {
    room.member(carl, carl, 'leave');
    room.member(carl, carl, 'join');
  } else if (target === undefined) say({ body: 'first' });
  else if (what === 'relate') {
    // A thread begins at an event that relates to none.
    const canBeRoot = room.store.events.get(target)?.pdu.content['m.relates_to'] === undefined;
    const relType = random.pick([...(canBeRoot ? ['m.thread', 'm.thread'] : []), 'm.replace', 'm.annotation']);
    say({ body: 'cake', 'm.relates_to': { rel_type: relType, event_id: target } });
  } else if (what === 'redact') {
    room.send({ type: 'm.room.redaction', sender: alice, content: { redacts: target }, redacts: target });
  } else {
    const type = random.pick(['m.read', 'm.read.private']);
    const thread = room.store.history.threadOf(target) ?? 'main';
    const threadId = random.pick(['', thread]);
    if (userId !== carl) room.turn((ctx) => putReceipt(ctx, { userId, type, threadId, eventId: target, ts: room.now }));
  }
}

describe('counts agree with a count over all events', () => {
  test.each(Array.from({ length: 12 }, (_, index) => [index + 1]))('world %i', (seed) => {
    const random = new Random(seed);
    const room = aRoom();
    const said: EventId[] = [];
    for (let n = 0; n < 120; n += 1) {
      step(room, random, said);
      if (!random.chance(0.4)) continue;
      if (random.chance(0.1)) room.store.forget();
      const reader = {
        userId: random.pick(users),
        ...(random.chance(0.5) ? { pushRules: keyword } : {}),
        ignoredUsers: random.chance(0.3) ? [random.pick(users)] : [],
      };
      const ignoredUsers = reader.ignoredUsers.filter((userId) => userId !== reader.userId);
      expect(unreadOf(room, { ...reader, ignoredUsers })).toEqual(counted(room, { ...reader, ignoredUsers }));
    }
  });
});

test('the newest thousand events are counted, also by who has read less of them than another', () => {
  const room = aRoom();
  const reader = { userId: bob, ignoredUsers: [] };
  const first = room.say(alice, 'one').eventId;
  for (let n = 0; n < 700; n += 1) room.say(alice, 'one');
  const middle = room.say(alice, 'one').eventId;
  for (let n = 0; n < 20; n += 1) room.say(alice, 'one');
  const read = (userId: UserId, eventId: EventId) =>
    room.turn((ctx) => putReceipt(ctx, { userId, type: 'm.read', threadId: '', eventId, ts: room.now }));
  read(bob, middle);
  expect(unreadOf(room, reader)?.main.notification_count).toBe(20);
  read(carl, first);
  expect(unreadOf(room, { ...reader, userId: carl })?.main.notification_count).toBe(721);
  const before = room.store.stream.head();
  for (let n = 0; n < 500; n += 1) room.say(alice, 'one');
  expect(unreadOf(room, reader)?.main.notification_count).toBe(520);
  expect(unreadOf(room, { ...reader, userId: carl })?.main.notification_count).toBe(1_000);
  expect(unreadOf(room, reader, before)?.main.notification_count).toBe(20);
});

test('an event that is as deep as one may be counts', () => {
  const room = aRoom();
  let deep: JsonObject = {};
  for (let n = 0; n < 125; n += 1) deep = { a: deep };
  room.send({ type: 'm.room.message', sender: alice, content: { body: 'x', msgtype: 'm.text', deep } });
  expect(unreadOf(room, { userId: bob, ignoredUsers: [] })?.main.notification_count).toBe(1);
});
