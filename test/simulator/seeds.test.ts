import { expect, test } from 'vitest';

import { runSeed } from '../support/simulator/world.ts';

/** Some of every kind. The continuous integration runs 2,000 with `npm run simulate`, which runs as many as are asked for. */
const WORLDS = 36;

test.for(Array.from({ length: WORLDS }, (_, index) => index + 1))('the servers agree in world %i', async (seed) => {
  const { faults, trace } = await runSeed(seed);
  // The trace is there to be read when something is wrong.
  expect(faults.length === 0 ? [] : [...faults, ...trace]).toEqual([]);
});
