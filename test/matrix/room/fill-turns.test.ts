import { expect, test } from 'vitest';

import { FillTurns } from '../../../src/room/fill-turns.ts';

/** Turns on a clock that `pass` moves. */
function turns() {
  let now = 0;
  let timers: { readonly at: number; readonly work: () => void }[] = [];
  const fill = new FillTurns((delayMs, work) => {
    const timer = { at: now + delayMs, work };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  });
  const pass = (ms: number) => {
    now += ms;
    for (const { work } of timers.filter(({ at }) => at <= now)) work();
    timers = timers.filter(({ at }) => at > now);
  };
  return { fill, pass };
}

test('the turn goes from one to the next in the order they came', async () => {
  const { fill } = turns();
  const order: string[] = [];
  const begun = ['a', 'b', 'c'].map((holder) => fill.begin(holder).then(() => order.push(holder)));
  await begun[0];
  expect(order).toEqual(['a']);
  fill.end('b');
  fill.end('a');
  await begun[1];
  expect(order).toEqual(['a', 'b']);
  fill.end('b');
  await begun[2];
  expect(order).toEqual(['a', 'b', 'c']);
});

test('one that never ends does not hold the others for ever', async () => {
  const { fill, pass } = turns();
  expect(await fill.begin('dead')).toBe(true);
  pass(10_000);
  const next = fill.begin('next');
  pass(5_000);
  expect(await next).toBe(true);
});

test('who has waited too long is told to do without', async () => {
  const { fill, pass } = turns();
  await fill.begin('slow');
  const late = fill.begin('late');
  pass(8_000);
  expect(await late).toBe(false);
  fill.end('slow');
  expect(await fill.begin('other')).toBe(true);
});
