import { expect, test } from 'vitest';

import { CallLine } from '../../../src/room/dispatch/call-line.ts';
import { settled } from '../../support/simulator/dispatch-rig.ts';

function aLine(limit: number) {
  const calls: { readonly item: number; readonly end: () => void }[] = [];
  const timers: (() => void)[] = [];
  const line = new CallLine<number>({
    limit,
    patienceMs: 250,
    later: (run) => timers.push(run),
    call: (item) => new Promise((end) => calls.push({ item, end })),
  });
  const items = () => calls.map(({ item }) => item);
  return { line, calls, timers, items };
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
