import { expect, test } from 'vitest';

import { CallLine } from '../../../src/room/dispatch/call-line.ts';
import { settled } from '../../support/simulator/dispatch-rig.ts';

function aLine(limit: number) {
  const calls: { readonly item: number; readonly end: (isThere?: boolean) => void }[] = [];
  const timers: (() => void)[] = [];
  const pauses: (() => void)[] = [];
  let now = 0;
  const line = new CallLine<number>({
    limit,
    patienceMs: 250,
    later: (run, delayMs) => (delayMs === 0 ? pauses : timers).push(run),
    now: () => now,
    call: (item) => new Promise((resolve) => calls.push({ item, end: (isThere = true) => resolve(isThere) })),
  });
  const items = () => calls.map(({ item }) => item);
  /** Ends the pause of strangers, so much later. */
  const pass = (ms: number) => {
    now += ms;
    timers.shift()?.();
  };
  return { line, calls, timers, pauses, items, pass };
}

test('no more calls than the limit are under way, and the next begins when one ends', async () => {
  const { line, calls, items } = aLine(3);
  for (let item = 0; item < 5; item += 1) line.add(item);
  expect(items()).toEqual([0, 1, 2]);
  calls[1]?.end();
  await settled();
  expect(items()).toEqual([0, 1, 2, 3]);
  for (const { end } of calls) end();
  await settled();
  expect(items()).toEqual([0, 1, 2, 3, 4]);
});

test('who does not answer in time makes room for the next, once', async () => {
  const { line, calls, timers, items } = aLine(1);
  for (let item = 0; item < 4; item += 1) line.add(item);
  expect(items()).toEqual([0]);
  timers.shift()?.();
  expect(items()).toEqual([0, 1]);
  calls[0]?.end();
  await settled();
  expect(items()).toEqual([0, 1]);
  calls[1]?.end();
  await settled();
  expect(items()).toEqual([0, 1, 2]);
});

test('where many calls are under way, only a few more begin before others on the same thread have had their turn', () => {
  const { line, pauses, items } = aLine(100);
  for (let item = 0; item < 26; item += 1) line.add(item);
  expect(items()).toHaveLength(20);
  pauses.shift()?.();
  expect(items()).toHaveLength(24);
  pauses.shift()?.();
  expect(items()).toHaveLength(26);
  expect(pauses).toHaveLength(0);
});

test('where most strangers are not there, the others begin one by one when the thread has time; who is known does not wait', async () => {
  const { line, calls, items, pass } = aLine(100);
  for (let item = 0; item < 16; item += 1) line.add(item, true);
  for (const { end } of calls.slice(0, 8)) end(false);
  await settled();
  for (let item = 16; item < 20; item += 1) line.add(item, true);
  expect(items()).toHaveLength(16);
  line.add(100);
  expect(items().slice(16)).toEqual([100]);
  pass(41);
  expect(items().slice(16)).toEqual([100, 16]);
  pass(80);
  expect(items().slice(16)).toEqual([100, 16]);
  pass(41);
  expect(items().slice(16)).toEqual([100, 16, 17]);
});

test('strangers begin also on a thread that never has time, and at once where those before were there', async () => {
  const { line, calls, items, pass } = aLine(100);
  for (let item = 0; item < 8; item += 1) line.add(item, true);
  for (const { end } of calls) end(false);
  await settled();
  for (let item = 8; item < 12; item += 1) line.add(item, true);
  for (let pause = 0; pause < 2; pause += 1) pass(500);
  expect(items().slice(8)).toEqual([8]);
  calls[8]?.end(true);
  await settled();
  expect(items().slice(8)).toEqual([8, 9, 10, 11]);
});
