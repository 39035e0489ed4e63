import { expect, test } from 'vitest';

import { CallLine } from '../../../src/room/dispatch/call-line.ts';
import { settled } from '../../support/simulator/dispatch-rig.ts';

function aLine(limit: number) {
  const calls: { readonly item: number; readonly end: () => void }[] = [];
  const timers: (() => void)[] = [];
  const pauses: (() => void)[] = [];
  const line = new CallLine<number>({
    limit,
    patienceMs: 250,
    later: (run, delayMs) => (delayMs === 0 ? pauses : timers).push(run),
    call: (item) => new Promise((end) => calls.push({ item, end })),
  });
  const items = () => calls.map(({ item }) => item);
  return { line, calls, timers, pauses, items };
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
