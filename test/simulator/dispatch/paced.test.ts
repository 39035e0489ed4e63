import { expect, test } from 'vitest';

import { Paced } from '../../../src/room/dispatch/paced.ts';

test('the first goes at once, those of the pause together at its end, and a quiet pause ends it', () => {
  const timers: (() => void)[] = [];
  let runs = 0;
  const paced = new Paced({
    pauseMs: 1_000,
    later: (run) => timers.push(run),
    work: () => {
      runs += 1;
    },
  });
  const pass = () => timers.shift()?.();
  paced.ask();
  expect(runs).toBe(1);
  paced.ask();
  paced.ask();
  expect(runs).toBe(1);
  pass();
  expect(runs).toBe(2);
  pass();
  expect(runs).toBe(2);
  expect(timers).toHaveLength(0);
  paced.ask();
  expect(runs).toBe(3);
});
