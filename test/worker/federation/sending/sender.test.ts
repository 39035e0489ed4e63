import { expect, test } from 'vitest';

import type { EventId, ServerName } from '../../../../src/matrix/ids/brands.ts';
import { aRoomId, aSender, anOffer, down, refusal, settle } from '../../../support/worker/a-sender.ts';

const room = aRoomId('room');
const other = aRoomId('other');

test('an idle destination sends at once and writes nothing', async () => {
  const { sender, sent, positions, memory } = aSender();
  expect(await sender.offer(anOffer(room, 0, 2))).toBe('sent');
  expect(positions()).toEqual([[1, 2]]);
  expect(sent[0]?.body).toMatchObject({ origin: 'us.test', origin_server_ts: 1_000_000 });
  expect(sent[0]?.body).not.toHaveProperty('edus');
  expect(memory.writes()).toBe(0);
});

test('a range that was sent is not sent again, nor the part of it that was', async () => {
  const { sender, positions } = aSender();
  await sender.offer(anOffer(room, 0, 2));
  expect(await sender.offer(anOffer(room, 0, 2))).toBe('sent');
  expect(await sender.offer(anOffer(room, 0, 3))).toBe('sent');
  expect(positions()).toEqual([[1, 2], [3]]);
});

test('after a restore the same positions are new ones', async () => {
  const { sender, positions } = aSender();
  await sender.offer(anOffer(room, 0, 2));
  await sender.offer(anOffer(room, 0, 2, 'e2'));
  expect(positions()).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test('one transaction is in flight; what comes meanwhile goes together in the next, in order', async () => {
  const { sender, serverAnswers, release, positions } = aSender();
  serverAnswers(() => 'wait');
  const answers = [
    sender.offer(anOffer(room, 0, 1)),
    sender.offer(anOffer(other, 0, 1)),
    sender.offer(anOffer(room, 1, 3)),
  ];
  await settle();
  expect(positions()).toEqual([[1]]);
  release();
  await settle();
  expect(positions()).toEqual([[1], [1, 2, 3]]);
  release();
  expect(await Promise.all(answers)).toEqual(['sent', 'sent', 'sent']);
});

test('a transaction holds at most 50 PDUs', async () => {
  const { sender, positions } = aSender();
  expect(await sender.offer(anOffer(room, 0, 120))).toBe('sent');
  expect(positions().map((pdus) => pdus.length)).toEqual([50, 50, 20]);
});

test('a server that does not answer within a second leaves a cursor behind', async () => {
  const { sender, store, serverAnswers, release, pass, alarms, rooms, positions } = aSender();
  serverAnswers(() => 'wait');
  rooms.heads.set(room, 2);
  const answer = sender.offer(anOffer(room, 0, 2));
  await settle();
  pass(1_000);
  expect(await answer).toBe('taken');
  expect(store.cursors()).toEqual([{ roomId: room, epoch: 'e1', from: 0 }]);
  expect(alarms).toHaveLength(1);
  release();
  await settle();
  expect(store.cursors()).toEqual([]);
  expect(positions()).toEqual([[1, 2]]);
});

test('a slow server gets what came meanwhile from the room', async () => {
  const { sender, store, serverAnswers, release, pass, rooms, positions } = aSender();
  serverAnswers(() => 'wait');
  const first = sender.offer(anOffer(room, 0, 1));
  await settle();
  pass(1_000);
  expect(await first).toBe('taken');
  expect(await sender.offer(anOffer(room, 1, 4))).toBe('detached');
  rooms.heads.set(room, 4);
  release();
  await settle();
  release();
  await settle();
  expect(positions()).toEqual([[1], [2, 3, 4]]);
  expect(store.cursors()).toEqual([]);
});

test('while a server is down rooms are detached, and its revival sends everything once, in order', async () => {
  const { sender, store, serverAnswers, rooms, pass, positions } = aSender();
  serverAnswers(() => down);
  expect(await sender.offer(anOffer(room, 0, 2))).toBe('taken');
  expect(await sender.offer(anOffer(room, 2, 3))).toBe('detached');
  expect(await sender.offer(anOffer(other, 5, 6))).toBe('detached');
  expect(store.cursors()).toHaveLength(2);
  rooms.heads.set(room, 3).set(other, 6);
  serverAnswers(() => ({ ok: true, value: undefined }));
  pass(1_000);
  expect(await sender.deliver()).toBeUndefined();
  expect(positions()).toEqual([
    [1, 2],
    [1, 2],
    [3, 6],
  ]);
  expect(await sender.offer(anOffer(room, 3, 4))).toBe('sent');
  expect(store.reachability()).toMatchObject({ kind: 'up', attempt: 0 });
});

test('what failed is repeated as it was: same ID, same body', async () => {
  const { sender, sent, serverAnswers, rooms, pass } = aSender();
  serverAnswers(() => down);
  await sender.offer(anOffer(room, 0, 2));
  rooms.heads.set(room, 9);
  pass(1_000);
  await sender.deliver();
  pass(10_000);
  await sender.deliver();
  expect(sent).toHaveLength(3);
  expect(sent[1]).toEqual(sent[0]);
  expect(sent[2]).toEqual(sent[0]);
});

test('a new instance repeats what the lost one sent, EDUs included', async () => {
  const first = aSender();
  first.serverAnswers(() => down);
  first.rooms.heads.set(room, 9);
  first.sender.offerEdu({ key: 'typing', json: '{"edu_type":"m.typing"}', expiresAt: Infinity });
  await settle();
  first.pass(1_000);
  first.sender.offerEdu({ key: 'typing', json: '{"edu_type":"m.typing"}', expiresAt: Infinity });
  await first.sender.offer(anOffer(room, 0, 2));
  const second = aSender({ store: first.store, rooms: first.rooms });
  second.pass(3_600_000);
  await second.sender.deliver();
  expect(second.sent[0]).toEqual(first.sent.at(-1));
  expect(second.positions()).toEqual([
    [1, 2],
    [3, 4, 5, 6, 7, 8, 9],
  ]);
});

test('every failure doubles the wait, and the alarm is set to its end', async () => {
  const { sender, serverAnswers, pass, alarms, now } = aSender();
  serverAnswers(() => down);
  await sender.offer(anOffer(room, 0, 1));
  expect(alarms.at(-1)).toBe(now() + 1_000);
  pass(1_000);
  expect(await sender.deliver()).toBe(now() + 2_000);
  pass(2_000);
  expect(await sender.deliver()).toBe(now() + 4_000);
});

test('to be heard of is worth a try', async () => {
  const { sender, serverAnswers, rooms, positions } = aSender();
  serverAnswers(() => down);
  rooms.heads.set(room, 1);
  await sender.offer(anOffer(room, 0, 1));
  serverAnswers(() => ({ ok: true, value: undefined }));
  sender.wake();
  await settle();
  expect(positions()).toEqual([[1], [1]]);
});

test.each([401, 403])('%i is shown as policy', async (status) => {
  const { sender, store, serverAnswers } = aSender();
  serverAnswers(() => refusal(status));
  expect(await sender.offer(anOffer(room, 0, 1))).toBe('taken');
  expect(store.reachability()).toMatchObject({ kind: 'policy', attempt: 1 });
});

test('429 is no failure: the same transaction after the time asked for, and no sooner', async () => {
  const { sender, store, sent, serverAnswers, pass, now } = aSender();
  serverAnswers(() => refusal(429, 5_000));
  expect(await sender.offer(anOffer(room, 0, 1))).toBe('taken');
  expect(store.reachability()).toMatchObject({ kind: 'limited', attempt: 0, until: now() + 5_000 });
  sender.wake();
  await settle();
  expect(sent).toHaveLength(1);
  serverAnswers(() => ({ ok: true, value: undefined }));
  pass(5_000);
  await sender.deliver();
  expect(sent[1]).toEqual(sent[0]);
});

test('the one PDU that a server refuses is parked, all others arrive', async () => {
  const { sender, memory, serverAnswers } = aSender();
  const arrived: number[] = [];
  serverAnswers(({ body }) => {
    const positions = (body['pdus'] as unknown as { pos: number }[]).map(({ pos }) => pos);
    if (positions.includes(7)) return refusal(400);
    arrived.push(...positions);
    return { ok: true, value: undefined };
  });
  expect(await sender.offer(anOffer(room, 0, 20))).toBe('sent');
  expect(arrived).toEqual([1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  expect(memory.parked).toEqual([
    { roomId: room, eventId: `$${room}-7` as EventId, reason: 'answered 400 M_UNKNOWN no', at: 1_000_000 },
  ]);
});

test('an EDU that a server refuses holds up no PDU', async () => {
  const { sender, memory, serverAnswers, positions } = aSender();
  serverAnswers(({ body }) => ('edus' in body ? refusal(400) : { ok: true, value: undefined }));
  sender.offerEdu({ key: 'a', json: '{"edu_type":"m.typing"}', expiresAt: Infinity });
  expect(await sender.offer(anOffer(room, 0, 2))).toBe('sent');
  expect(memory.parked).toEqual([]);
  expect(positions().at(-1)).toEqual([1, 2]);
});

test('of each key only the latest EDU is sent, and none that has expired', async () => {
  const { sender, sent, serverAnswers, release, pass } = aSender();
  serverAnswers(() => 'wait');
  sender.offerEdu({ key: 'first', json: '{"n":0}', expiresAt: Infinity });
  await settle();
  sender.offerEdu({ key: 'old', json: '{"n":1}', expiresAt: 1_000_100 });
  for (const n of [2, 3]) sender.offerEdu({ key: 'typing', json: `{"n":${n}}`, expiresAt: Infinity });
  pass(100);
  release();
  await settle();
  expect(sent.map(({ body }) => body['edus'])).toEqual([[{ n: 0 }], [{ n: 3 }]]);
});

test('a transaction holds at most 100 EDUs', async () => {
  const { sender, sent } = aSender();
  for (let n = 0; n < 150; n += 1) sender.offerEdu({ key: `${n}`, json: `{"n":${n}}`, expiresAt: Infinity });
  await settle();
  expect(sent.map(({ body }) => (body['edus'] as unknown[]).length)).toEqual([100, 50]);
});

test.each([
  [500, Array.from({ length: 500 }, (_, index) => index + 1)],
  [501, Array.from({ length: 50 }, (_, index) => index + 452)],
])('after an outage, of %i unsent events of a room the right ones are sent', async (head, expected) => {
  const { sender, serverAnswers, rooms, pass, positions, sent } = aSender();
  serverAnswers(() => down);
  await sender.offer(anOffer(other, 0, 1));
  await sender.offer(anOffer(room, 0, 1));
  rooms.heads.set(room, head).set(other, 1);
  serverAnswers(() => ({ ok: true, value: undefined }));
  sent.length = 0;
  pass(1_000);
  await sender.deliver();
  expect(positions().slice(1).flat()).toEqual(expected);
});

test('a room that cannot be read is passed over and read again later', async () => {
  const { sender, serverAnswers, rooms, store } = aSender();
  serverAnswers(() => down);
  await sender.offer(anOffer(room, 0, 1));
  await sender.offer(anOffer(other, 0, 1));
  rooms.heads.set(room, 1).set(other, 1);
  rooms.failing.add(room);
  const restarted = aSender({ store, rooms });
  restarted.pass(3_600_000);
  expect(await restarted.sender.deliver()).toBe(restarted.now() + 2_000);
  expect(restarted.positions()).toEqual([[1]]);
  expect(store.cursors().map(({ roomId }) => roomId)).toEqual([room]);
});

test('a room that offers while it is read empty keeps its cursor', async () => {
  const { sender, store, serverAnswers, rooms, pass } = aSender();
  serverAnswers(() => down);
  await sender.offer(anOffer(room, 0, 1));
  serverAnswers(() => ({ ok: true, value: undefined }));
  rooms.heads.set(room, 1);
  let reads = 0;
  rooms.onRead(() => {
    reads += 1;
    // The reading comes out empty, and this offer is on its way at that moment.
    if (reads === 1) void sender.offer(anOffer(room, 1, 2));
  });
  pass(1_000);
  const again = await sender.deliver();
  expect(again).toBeDefined();
  expect(store.cursors()).toHaveLength(1);
  rooms.heads.set(room, 2);
  pass(2_000);
  expect(await sender.deliver()).toBeUndefined();
});

test('a room of another epoch starts over from its head', async () => {
  const { sender, store, serverAnswers, rooms } = aSender();
  serverAnswers(() => down);
  await sender.offer(anOffer(room, 0, 1));
  rooms.setEpoch('e2');
  rooms.heads.set(room, 70);
  const restarted = aSender({ store, rooms });
  restarted.pass(3_600_000);
  await restarted.sender.deliver();
  restarted.pass(2_000);
  await restarted.sender.deliver();
  expect(restarted.positions()).toEqual([]);
  expect(store.cursors()).toEqual([]);
});

test('EDUs that were switched off leave a transaction that is repeated, its PDUs stay', async () => {
  const { sender, sent, serverAnswers, settingsLetOut, pass } = aSender();
  serverAnswers(() => down);
  sender.offerEdu({ key: 'typing', json: '{"edu_type":"m.typing"}', expiresAt: Infinity });
  void sender.offer(anOffer(room, 0, 1));
  await settle();
  const before = sent.length;
  settingsLetOut(() => []);
  serverAnswers(() => ({ ok: true, value: undefined }));
  pass(10_000);
  sender.wake();
  await settle();
  const repeated = sent.slice(before).map(({ body }) => body);
  expect(repeated.every((body) => !('edus' in body))).toBe(true);
  expect(repeated.flatMap(({ pdus }) => pdus as unknown[])).toHaveLength(1);
});

test('a server that answered something else is up again: the next failure counts as the first', async () => {
  const { sender, store, pass } = aSender();
  for (let n = 0; n < 8; n += 1) {
    sender.askedInVain({ kind: 'unreachable', reason: 'down' });
    pass(3_600_000);
  }
  expect(store.reachability().attempt).toBe(8);
  sender.askedWell();
  expect(store.reachability()).toMatchObject({ attempt: 0, kind: 'up' });
});

test('what a server did not take keeps its back-off, whatever else it answers', async () => {
  const { sender, store, serverAnswers, pass } = aSender();
  serverAnswers(() => down);
  await sender.offer(anOffer(room, 0, 1));
  pass(3_600_000);
  sender.askedWell();
  expect(store.reachability()).toMatchObject({ attempt: 1, kind: 'down' });
});

/** Takes the slots of a minute and a half for others. */
function crowd({ retries, now }: Pick<ReturnType<typeof aSender>, 'retries' | 'now'>): void {
  for (let at = 0; at < 450; at += 1) retries.take(`s${at}.test` as ServerName, now());
}

test('where many servers are down one waits for its turn, which says nothing of the server itself', async () => {
  const sending = aSender();
  const { sender, store, serverAnswers, rooms, pass, now } = sending;
  serverAnswers(() => down);
  rooms.heads.set(room, 1);
  crowd(sending);
  await sender.offer(anOffer(room, 0, 1));
  expect(store.reachability().until - now()).toBe(90_000);
  pass(90_000);
  expect(store.reachability()).toMatchObject({ attempt: 1 });
  await sender.deliver();
  expect(store.reachability()).toMatchObject({ attempt: 2 });
  expect(store.reachability().until - now()).toBeLessThanOrEqual(2_200);
});

test('where the back-off of many ended at once each is tried in its turn', async () => {
  const first = aSender();
  first.serverAnswers(() => down);
  first.rooms.heads.set(room, 1);
  await first.sender.offer(anOffer(room, 0, 1));
  const restarted = aSender({ store: first.store, rooms: first.rooms });
  restarted.pass(60_000);
  crowd(restarted);
  const next = await restarted.sender.deliver();
  expect(restarted.sent).toEqual([]);
  expect(next).toBe(restarted.now() + 90_000);
  restarted.pass(90_000);
  await restarted.sender.deliver();
  expect(restarted.positions()).toEqual([[1]]);
});

test('what was sent before is read again without all that came after it', async () => {
  const first = aSender();
  first.serverAnswers(() => down);
  first.rooms.heads.set(room, 2);
  await first.sender.offer(anOffer(room, 0, 2));
  first.rooms.heads.set(room, 400);
  const restarted = aSender({ store: first.store, rooms: first.rooms });
  restarted.serverAnswers(() => down);
  restarted.pass(60_000);
  await restarted.sender.deliver();
  expect(restarted.rooms.reads).toMatchObject([{ from: 0, to: 2, limit: 2 }]);
});
