import { describe, expect, test } from 'vitest';

import type { EventId, UserId } from '../../src/matrix/ids/brands.ts';
import { readContext } from '../../src/room/read/read-context.ts';
import { readMessages } from '../../src/room/read/read-messages.ts';
import { readEvent } from '../../src/room/read/read-state.ts';
import { readSync } from '../../src/room/read/read-sync.ts';
import { readRelations } from '../../src/room/read/read-relations.ts';
import { readThreads } from '../../src/room/read/read-threads.ts';
import { putReceipt } from '../../src/room/receipts/put-receipt.ts';
import { endStep, nextStep } from '../../src/room/retention/sweep.ts';
import { readNotifications } from '../../src/room/unread/read-notifications.ts';
import { Random } from '../support/simulator/random.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';
import { sweep } from '../support/simulator/sweep.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:one' as UserId;
const DAY = 86_400_000;
const who = { userId: bob, scope: 'test', ignoredUsers: [] };

function aRoom(version = '11'): RoomRig {
  const room = new RoomRig('one');
  room.create(version, alice);
  room.member(bob, bob, 'join');
  return room;
}

const later = (room: RoomRig, ms: number) => void (room.now += ms);

const setRule = (room: RoomRig, content: Readonly<Record<string, number>>) =>
  room.send({ type: 'm.room.retention', sender: alice, stateKey: '', content });

/** The bodies that the table holds. */
function kept(room: RoomRig): readonly string[] {
  return room.storage.sql
    .exec(
      `select json ->> '$.content.body' as body from events where json ->> '$.content.body' is not null order by rowid`,
    )
    .toArray()
    .map((row) => (row as { body: string }).body);
}

const isSeen = (room: RoomRig, eventId: EventId): boolean => {
  try {
    return readEvent(room.store, { ...who, eventId }, room.now).event_id === eventId;
  } catch {
    return false;
  }
};

const messages = (room: RoomRig, dir: 'b' | 'f' = 'b') =>
  readMessages(
    room.store,
    { ...who, dir, from: undefined, to: undefined, limit: 900, filter: {}, lazyLoadMembers: false },
    room.now,
  );

const bodies = (room: RoomRig) =>
  messages(room, 'f')
    .chunk.map(({ content }) => content['body'])
    .filter((body) => body !== undefined);

const synced = (room: RoomRig, from?: number) =>
  readSync(
    room.store,
    {
      ...who,
      from,
      to: room.store.stream.head(),
      timelineLimit: 50,
      timelineFilter: {},
      stateFilter: {},
      lazyLoadMembers: false,
      fullState: false,
    },
    room.now,
  );

describe('a room with a default', () => {
  test('hides a message at its age, before its content is taken out, and after', () => {
    const room = aRoom();
    room.defaultDays = 1;
    const { eventId } = room.say(alice, 'old');
    later(room, DAY - 100);
    room.say(alice, 'new');
    expect(bodies(room)).toEqual(['old', 'new']);
    later(room, 200);
    expect([bodies(room), isSeen(room, eventId), kept(room)]).toEqual([['new'], false, ['old', 'new']]);
    expect(synced(room)?.timeline.map(({ content }) => content['body'])).not.toContain('old');
    expect(
      readContext(room.store, { ...who, eventId, limit: 4, filter: {}, lazyLoadMembers: false }, room.now),
    ).toEqual({
      context: undefined,
      holes: [],
    });
    const due = sweep(room);
    expect([bodies(room), isSeen(room, eventId), kept(room)]).toEqual([['new'], false, ['new']]);
    expect(due).toBeGreaterThan(room.now + DAY - 1_000);
    room.defaultDays = 0;
    expect([bodies(room), isSeen(room, eventId)]).toEqual([['new'], false]);
  });

  test('keeps state, redactions and the graph, and goes on', () => {
    const room = aRoom();
    room.defaultDays = 1;
    const said = room.say(alice, 'old');
    const named = room.send({ type: 'm.room.name', sender: alice, stateKey: '', content: { name: 'Old' } });
    const slip = room.say(alice, 'a slip');
    const content = { redacts: slip.eventId, reason: 'a slip' };
    const redaction = room.send({ type: 'm.room.redaction', sender: alice, content });
    later(room, 2 * DAY);
    expect(sweep(room)).toBeUndefined();
    expect(room.pdu(said.eventId).content).toEqual({});
    expect(room.pdu(named.eventId).content).toEqual({ name: 'Old' });
    expect(room.pdu(redaction.eventId).content).toEqual(content);
    expect([isSeen(room, named.eventId), isSeen(room, redaction.eventId)]).toEqual([true, false]);
    const next = room.say(bob, 'new');
    expect(room.pdu(next.eventId).prevEvents).toEqual([redaction.eventId]);
    expect(bodies(room)).toEqual(['new']);
  });

  test('takes in steps what is more than one step takes, and ends with nothing left', () => {
    const room = aRoom();
    for (let n = 0; n < 120; n += 1) room.say(alice, `${n}`);
    room.defaultDays = 1;
    later(room, 2 * DAY);
    room.say(alice, 'new');
    const first = nextStep(room.store, room.now);
    expect(first?.expired).toHaveLength(50);
    sweep(room);
    expect(kept(room)).toEqual(['new']);
    later(room, 2 * DAY);
    expect(sweep(room)).toBeUndefined();
    expect(kept(room)).toEqual([]);
    // A pass that has nothing to do reads on from where the last one ended.
    expect(nextStep(room.store, room.now)).toMatchObject({ expired: [], pass: { isDone: true } });
  });

  test('a pass that was cut off is gone on with, and what was said meanwhile has its turn', () => {
    const room = aRoom();
    for (let n = 0; n < 60; n += 1) room.say(alice, `${n}`);
    room.defaultDays = 1;
    later(room, DAY + 1_000);
    const step = nextStep(room.store, room.now);
    if (step === undefined) throw new Error('no step');
    room.say(alice, 'meanwhile');
    room.turn(({ store, now }) => endStep(store, step, now));
    room.store.forget();
    const due = sweep(room);
    expect(kept(room)).toEqual(['meanwhile']);
    expect(due).toBeGreaterThan(room.now);
    later(room, 2 * DAY);
    expect(sweep(room)).toBeUndefined();
    expect(kept(room)).toEqual([]);
  });
});

describe("a room's own rule", () => {
  test('wins over the default, both ways, and what is gone is gone', () => {
    const room = aRoom();
    room.defaultDays = 1;
    const { eventId } = room.say(alice, 'kept by the rule');
    setRule(room, { max_lifetime: 10 * DAY });
    later(room, 5 * DAY);
    expect(bodies(room)).toEqual(['kept by the rule']);
    sweep(room);
    expect(kept(room)).toEqual(['kept by the rule']);
    setRule(room, { max_lifetime: 2 * DAY });
    expect(bodies(room)).toEqual([]);
    sweep(room);
    expect(kept(room)).toEqual([]);
    setRule(room, { max_lifetime: 100 * DAY });
    expect([bodies(room), isSeen(room, eventId)]).toEqual([[], false]);
  });

  test('that was redacted is none', () => {
    const room = aRoom();
    const rule = setRule(room, { max_lifetime: DAY });
    room.say(alice, 'old');
    later(room, 2 * DAY);
    expect(bodies(room)).toEqual([]);
    room.send({ type: 'm.room.redaction', sender: alice, content: { redacts: rule.eventId } });
    expect(bodies(room)).toEqual(['old']);
  });

  test('that changes while a step is under way takes nothing by the rule of before', () => {
    const room = aRoom();
    setRule(room, { max_lifetime: DAY });
    room.say(alice, 'old');
    later(room, 2 * DAY);
    const step = nextStep(room.store, room.now);
    if (step === undefined) throw new Error('no step');
    expect(step.expired).toHaveLength(1);
    setRule(room, { max_lifetime: 10 * DAY });
    room.turn(({ store, now }) => endStep(store, step, now));
    expect(kept(room)).toEqual(['old']);
    later(room, 10 * DAY);
    sweep(room);
    expect(kept(room)).toEqual([]);
  });
});

describe('the time that a sender says', () => {
  const said = (room: RoomRig, body: string, originServerTs: number) =>
    room.send({ type: 'm.room.message', sender: alice, content: { body, msgtype: 'm.text' }, originServerTs });

  test('keeps nothing for longer where it is in the future', () => {
    const room = aRoom();
    room.defaultDays = 1;
    said(room, 'forged', room.now + 100 * DAY);
    later(room, DAY - 1_000);
    expect(bodies(room)).toEqual(['forged']);
    later(room, 2_000);
    expect(bodies(room)).toEqual([]);
    sweep(room);
    expect(kept(room)).toEqual([]);
  });

  test('is believed of the past: what comes too late is never kept, and what comes late goes by its age', () => {
    const room = aRoom();
    room.defaultDays = 1;
    const { eventId } = said(room, 'too late', room.now - 2 * DAY);
    expect([kept(room), isSeen(room, eventId)]).toEqual([[], false]);
    room.say(alice, 'first');
    said(room, 'late', room.now - DAY / 2);
    room.say(alice, 'last');
    expect(bodies(room)).toEqual(['first', 'late', 'last']);
    expect(sweep(room)).toBeLessThan(room.now + DAY / 2 + 1_000);
    later(room, DAY / 2 + 1_000);
    expect(bodies(room)).toEqual(['first', 'last']);
    sweep(room);
    expect(kept(room)).toEqual(['first', 'last']);
    later(room, DAY);
    sweep(room);
    expect(kept(room)).toEqual([]);
  });
});

describe('what goes by messages', () => {
  test('a flood of messages that say they are old ends the history for nobody', () => {
    const room = aRoom();
    room.defaultDays = 1;
    room.say(alice, 'before');
    for (let n = 0; n < 1_100; n += 1) {
      const content = { body: 'flood', msgtype: 'm.text' };
      room.send({ type: 'm.room.message', sender: bob, content, originServerTs: 1 });
    }
    expect(synced(room)?.timeline.map(({ content }) => content['body'])).toContain('before');
    expect(messages(room)).toMatchObject({ chunk: [], end: expect.any(String) });
  });

  test('an unread message that expired is not counted, nor a notification', () => {
    const room = aRoom();
    room.defaultDays = 1;
    room.say(alice, 'old');
    later(room, DAY / 2);
    room.say(alice, 'new');
    expect(synced(room)?.unread.main.notification_count).toBe(2);
    later(room, DAY / 2 + 1_000);
    for (const isSwept of [false, true]) {
      if (isSwept) sweep(room);
      expect(synced(room)?.unread.main.notification_count).toBe(1);
      const list = readNotifications(room.store, { ...who, limit: 10, onlyHighlights: false }, room.now);
      expect(list.notifications.map(({ event }) => event.content['body'])).toEqual(['new']);
    }
    // What was taken out of the tables does not come back with a longer time.
    room.defaultDays = 0;
    expect(synced(room)?.unread.main.notification_count).toBe(1);
    room.store.forget();
    expect(synced(room)?.unread.main.notification_count).toBe(1);
  });

  test('a receipt at an expired message counts for what came before and after it', () => {
    const room = aRoom();
    room.defaultDays = 1;
    room.say(alice, 'one');
    const { eventId } = room.say(alice, 'two');
    const receipt = { userId: bob, type: 'm.read', threadId: '', eventId, ts: room.now };
    expect(room.turn((ctx) => putReceipt(ctx, receipt))).toBe(true);
    later(room, DAY + 1_000);
    sweep(room);
    expect(synced(room)?.unread.main.notification_count).toBe(0);
    const next = room.say(alice, 'three');
    expect(synced(room)?.unread.main.notification_count).toBe(1);
    expect(room.turn((ctx) => putReceipt(ctx, { ...receipt, eventId: next.eventId }))).toBe(true);
    expect(() => room.turn((ctx) => putReceipt(ctx, receipt))).toThrow('no such event');
  });

  test('a reply that expired counts no more, and a thread without its root is not listed', () => {
    const room = aRoom();
    room.defaultDays = 1;
    const root = room.say(alice, 'root');
    const reply = (body: string) =>
      room.send({
        type: 'm.room.message',
        sender: alice,
        content: { msgtype: 'm.text', body, 'm.relates_to': { rel_type: 'm.thread', event_id: root.eventId } },
      });
    later(room, DAY / 2);
    reply('first');
    const threads = () =>
      readThreads(room.store, { ...who, isParticipated: false, from: undefined, limit: 5 }, room.now);
    expect(threads().chunk).toHaveLength(1);
    later(room, DAY / 2 + 1_000);
    expect(threads().chunk).toHaveLength(0);
    reply('second');
    const children = { ...who, eventId: root.eventId, dir: 'b' as const, from: undefined, to: undefined, limit: 5 };
    expect(() => readRelations(room.store, { ...children, recurse: false }, room.now)).toThrow('no such event');
    later(room, DAY / 2);
    sweep(room);
    expect(kept(room)).toEqual(['second']);
    expect(
      room.store.relations.children({
        ...children,
        parentId: root.eventId,
        relType: undefined,
        type: undefined,
        depth: 1,
        point: { anchor: 1e9, sub: 0 },
      }),
    ).toHaveLength(1);
  });

  test('sync tells the state of a room all of whose messages expired, and pages of it end', () => {
    const room = aRoom();
    for (let n = 0; n < 1_100; n += 1) room.say(alice, `${n}`);
    room.defaultDays = 1;
    later(room, 2 * DAY);
    for (const isSwept of [false, true]) {
      if (isSwept) sweep(room);
      const answer = synced(room);
      expect(answer?.timeline).toEqual([]);
      expect(answer?.limited).toBe(true);
      expect(answer?.state.map(({ type }) => type)).toContain('m.room.create');
      expect(messages(room)).toMatchObject({ chunk: [], end: undefined });
    }
  });
});

/** What somebody said, as a list beside the room has it. */
interface Said {
  readonly body: string;
  readonly ts: number;
  readonly receivedTs: number;
}

test.each(Array.from({ length: 8 }, (_, seed) => seed + 1))(
  'whatever is said and when, nobody sees what expired, nothing goes too soon, and all goes in the end (seed %i)',
  (seed) => {
    const random = new Random(seed);
    const room = aRoom();
    const said: Said[] = [];
    const emptied = new Set<string>();
    const hour = DAY / 24;
    const expiredBy = ({ ts, receivedTs }: Said) => {
      const horizon = room.store.retention.horizon();
      return horizon !== undefined && Math.min(ts, receivedTs) <= horizon;
    };
    const speak = () => {
      const originServerTs = room.now + 1 + random.pick([0, 0, 0, 0, -3 * hour, -2 * DAY, 5 * DAY]);
      const body = `${said.length}`;
      room.send({ type: 'm.room.message', sender: alice, content: { body, msgtype: 'm.text' }, originServerTs });
      said.push({ body, ts: originServerTs, receivedTs: room.now });
    };
    const name = () => room.send({ type: 'm.room.name', sender: alice, stateKey: '', content: { name: 'x' } });
    const actions = [
      speak,
      speak,
      speak,
      name,
      () => later(room, random.below(4 * hour)),
      () => void (room.defaultDays = random.pick([0, 1, 1, 2])),
      () => void setRule(room, random.pick([{}, { max_lifetime: 6 * hour }, { max_lifetime: 3 * DAY }])),
      () => room.store.forget(),
      () => void sweep(room),
    ];
    for (let n = 0; n < 120; n += 1) {
      random.pick(actions)();
      for (const one of said) if (expiredBy(one)) emptied.add(one.body);
      const held = new Set(kept(room));
      // What has not expired at any time is here, and is all that may be seen.
      expect(said.filter(({ body }) => !emptied.has(body) && !held.has(body))).toEqual([]);
      const young = said.filter((one) => held.has(one.body) && !expiredBy(one)).map(({ body }) => body);
      expect(bodies(room)).toEqual(young);
    }
    room.defaultDays = 1;
    setRule(room, {});
    sweep(room);
    const left = said.filter(({ body }) => kept(room).includes(body)).filter(expiredBy);
    expect(left).toEqual([]);
    later(room, 10 * DAY);
    expect([sweep(room), kept(room)]).toEqual([undefined, []]);
  },
);
