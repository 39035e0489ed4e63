import { expect, test } from 'vitest';

import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import { goesTo, destinationsOf } from '../../../src/room/dispatch/recipients.ts';
import { DispatchRig, settled } from '../../support/simulator/dispatch-rig.ts';

const named = (count: number) => Array.from({ length: count }, (_, n) => `s${n}`);
const server = (name: string) => name as ServerName;

test('each destination is called, 56 at once', async () => {
  const rig = new DispatchRig(named(100));
  rig.say('hello');
  expect(rig.calls).toHaveLength(56);
  const called = rig.calls.map(({ server: name }) => name);
  for (const call of rig.calls.splice(0)) call.answer();
  await settled();
  rig.runMacrotasks();
  expect(new Set([...called, ...rig.calls.map(({ server: name }) => name)])).toEqual(new Set(named(100)));
});

test('all are given the same range, which is made once', () => {
  const rig = new DispatchRig(named(3));
  rig.say('hello');
  const [first, ...others] = rig.calls.map(({ range }) => range.pdus);
  for (const pdus of others) expect(pdus).toBe(first);
});

test('local users are told while other servers do not answer', () => {
  const rig = new DispatchRig(named(100));
  rig.say('hello');
  expect(rig.shardCalls).toEqual(['s1']);
});

test('what comes while a call is under way rides in the next one', async () => {
  const rig = new DispatchRig(['s0']);
  rig.say('one');
  rig.say('two');
  rig.say('three');
  expect(rig.calls).toHaveLength(1);
  const [first] = rig.calls.splice(0, 1);
  first?.answer();
  await settled();
  expect(rig.calls.map(({ range }) => range.pdus.length)).toEqual([2]);
  expect(rig.calls[0]?.range.from).toBe(first?.range.to);
});

test('whose call failed gets a row with the next transaction, and is offered the same by the backstop', async () => {
  const rig = new DispatchRig(named(2));
  const { receivers, meta } = rig.room.store;
  const before = meta.dispatchedThrough();
  rig.say('one');
  const calls = rig.calls.splice(0);
  calls.find(({ server: name }) => name === 's0')?.answer();
  calls.find(({ server: name }) => name === 's1')?.fail();
  await settled();
  rig.runLater();
  await settled();
  expect({ rows: receivers.all(), through: meta.dispatchedThrough() }).toEqual({ rows: [], through: before });
  rig.writeDown();
  expect(receivers.all()).toEqual([{ receiver: 'd:s1', fromPos: before, detachedAt: 0 }]);
  expect(meta.dispatchedThrough()).toBe(rig.room.store.stream.head());
  rig.dispatcher.retry();
  expect(rig.calls.map(({ server: name, range }) => [name, range])).toEqual([['s1', calls[1]?.range]]);
});

test('a row that was rolled back is written with the next transaction', async () => {
  const rig = new DispatchRig(['s0']);
  rig.say('one');
  rig.calls.splice(0)[0]?.fail();
  await settled();
  const crash = () =>
    rig.room.turn(() => {
      rig.dispatcher.writeDown();
      throw new Error('the turn fails');
    });
  expect(crash).toThrow();
  rig.dispatcher.forget();
  rig.dispatcher.committed();
  expect(rig.room.store.receivers.all()).toEqual([]);
  rig.writeDown();
  expect(rig.room.store.receivers.all()).toMatchObject([{ receiver: 'd:s0' }]);
});

test('who is detached is not called before it has asked, nor after a restart, but once an hour', async () => {
  const rig = new DispatchRig(named(100));
  rig.say('one');
  await rig.answerAll({ kind: 'detached' });
  expect(rig.dispatcher.isDetached('d:s7')).toBe(true);
  rig.say('two');
  expect(rig.calls).toEqual([]);
  expect(rig.room.store.receivers.all()).toHaveLength(100);
  rig.restart();
  rig.say('three');
  expect(rig.calls).toEqual([]);
  rig.now += 3_600_001;
  rig.say('four');
  expect(rig.calls.map(({ range }) => range.pdus.length)).toEqual(Array.from({ length: 56 }, () => 4));
  await rig.answerAll();
  rig.writeDown();
  expect(rig.room.store.receivers.all()).toEqual([]);
});

test('after a restart everybody who is behind and not detached is offered what is not confirmed', async () => {
  const rig = new DispatchRig(named(2));
  rig.say('one');
  for (const call of rig.calls.splice(0)) call.fail();
  await settled();
  rig.writeDown();
  rig.restart();
  expect(rig.calls.map(({ range }) => range.pdus.length)).toEqual([1, 1]);
});

test('who lacked nothing when it asked is offered again, not detached', async () => {
  const rig = new DispatchRig(['s0']);
  rig.say('one');
  const [call] = rig.calls.splice(0);
  rig.dispatcher.reattach('d:s0');
  call?.answer({ kind: 'detached' });
  await settled();
  expect(rig.calls.map(({ range }) => range)).toEqual([call?.range]);
  expect(rig.dispatcher.isDetached('d:s0')).toBe(false);
});

test('who waits for the answers to what is under way does not wait for what comes meanwhile', async () => {
  const rig = new DispatchRig(named(2));
  rig.say('one');
  let isOver = false;
  void rig.dispatcher.answered().then(() => (isOver = true));
  rig.say('two');
  await settled();
  rig.runLater();
  await settled();
  expect(isOver).toBe(false);
  const [first, second] = rig.calls.splice(0);
  first?.answer();
  second?.fail();
  await settled();
  expect(isOver).toBe(true);
  expect(rig.calls.map(({ range }) => range.pdus.length)).toEqual([1]);
});

test('whom an event goes to is answered alike for all and for one', () => {
  const rig = new DispatchRig(named(3));
  rig.room.member('@alice:one' as never, '@bob:s1' as never, 'ban');
  rig.room.say('@alice:one' as never, 'after');
  rig.room.member('@alice:one' as never, '@bob:s1' as never, 'leave');
  const { store, serverName } = rig.room;
  const events = store.stream.range(0, store.stream.head(), 1_000).flatMap((row) => {
    const event = row.kind === 'event' ? store.events.get(row.eventId) : undefined;
    return event === undefined ? [] : [event];
  });
  const all = [...named(3), 'one', 'elsewhere'].map(server);
  for (const event of events) {
    const theirs = destinationsOf(store, event, serverName);
    expect(all.filter((name) => goesTo(store, event, name, serverName))).toEqual(
      all.filter((name) => theirs.has(name)),
    );
  }
  expect(events.at(-1)?.pdu.content).toEqual({ membership: 'leave' });
});

test('a server that was there and takes its time is called at once the next time, where strangers wait', async () => {
  const rig = new DispatchRig(named(12));
  rig.say('one');
  for (const call of rig.calls.splice(0)) call.answer({ kind: call.server === 's0' ? 'confirmed' : 'detached' });
  await settled();
  rig.say('two');
  for (const call of rig.calls.splice(0)) call.answer({ kind: 'confirmed', isKept: true });
  await settled();
  rig.say('three');
  expect(rig.calls.map(({ server: name }) => name)).toEqual(['s0']);
});

test('what waits for long is offered in pieces that are the same for all', async () => {
  const rig = new DispatchRig(named(2));
  rig.say('one');
  for (let more = 0; more < 130; more += 1) rig.say(String(more));
  const ranges: string[] = [];
  while (rig.calls.length > 0) {
    for (const call of rig.calls.splice(0)) {
      ranges.push(`${call.server} ${call.range.to % 64}`);
      call.answer();
    }
    await settled();
  }
  const ends = (name: string) => ranges.filter((range) => range.startsWith(name)).map((range) => range.split(' ')[1]);
  expect(ends('s0')).toEqual(ends('s1'));
  expect(ends('s0').slice(1, -1)).toEqual(['0', '0']);
});
