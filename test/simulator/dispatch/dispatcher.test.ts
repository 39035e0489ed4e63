import { expect, test } from 'vitest';

import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import { goesTo, destinationsOf } from '../../../src/room/dispatch/recipients.ts';
import { DispatchRig, settled } from '../../support/simulator/dispatch-rig.ts';

const named = (count: number) => Array.from({ length: count }, (_, n) => `s${n}`);
const server = (name: string) => name as ServerName;

test('few destinations are called one by one', () => {
  const rig = new DispatchRig(named(32));
  rig.say('hello');
  expect(rig.calls.map(({ servers }) => servers.length).filter((count) => count !== 1)).toEqual([]);
  expect(rig.calls).toHaveLength(32);
});

test('many share calls, of 32 each', () => {
  const rig = new DispatchRig(named(100));
  rig.say('hello');
  expect(rig.calls.map(({ servers }) => servers.length)).toEqual([32, 32, 32, 1, 1, 1, 1]);
  expect(new Set(rig.calls.flatMap(({ servers }) => servers)).size).toBe(100);
});

test('local users are told while other servers do not answer', () => {
  const rig = new DispatchRig(named(100));
  rig.say('hello');
  expect(rig.shardCalls).toEqual(['s1']);
});

test('who has answered is offered the next event while others of its call have not', async () => {
  const rig = new DispatchRig(named(40));
  rig.say('one');
  const [shared] = rig.calls.splice(0);
  shared?.answer(server('s0'));
  rig.say('two');
  expect(rig.calls.map(({ servers }) => servers)).toEqual([['s0']]);
  expect(rig.calls[0]?.range.pdus).toHaveLength(1);
  expect(rig.calls[0]?.range.from).toBe(shared?.range.to);
});

test('what comes while a call is under way rides in the next one', async () => {
  const rig = new DispatchRig(['s0']);
  rig.say('one');
  rig.say('two');
  rig.say('three');
  expect(rig.calls).toHaveLength(1);
  const [first] = rig.calls.splice(0, 1);
  first?.answer(server('s0'));
  first?.end();
  expect(rig.calls.map(({ range }) => range.pdus.length)).toEqual([2]);
});

test('who does not answer its call has a row, and is offered the same by the backstop', async () => {
  const rig = new DispatchRig(named(40));
  rig.say('one');
  const shared = rig.calls.splice(0).find(({ servers }) => servers.includes(server('s1')));
  for (const name of shared?.servers ?? []) if (name !== 's1') shared?.answer(name);
  shared?.end();
  await settled();
  expect(rig.room.store.receivers.all()).toEqual([{ receiver: 'd:s1', fromPos: shared?.range.from, detached: false }]);
  rig.dispatcher.retry();
  expect(rig.calls.map(({ servers }) => servers)).toEqual([['s1']]);
  expect(rig.calls[0]?.range).toEqual(shared?.range);
});

test('who is detached is not called again before it has asked; a restart offers everybody what is not confirmed', async () => {
  const rig = new DispatchRig(named(100));
  rig.say('one');
  await rig.answerAll({ kind: 'detached' });
  expect(rig.room.store.receivers.all()).toHaveLength(100);
  rig.say('two');
  expect(rig.calls).toEqual([]);
  rig.restart();
  expect(rig.calls.flatMap(({ servers }) => servers)).toHaveLength(100);
  await rig.answerAll();
  expect(rig.room.store.receivers.all()).toEqual([]);
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
