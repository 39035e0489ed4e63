import { describe, expect, test } from 'vitest';

import { runSeed } from '../support/simulator/world.ts';

/** As many as fit into a minute of a slow machine; `npm run simulate` runs more. */
const SEEDS = 60;

describe('three servers, whatever the network and the platform do to them', () => {
  test.for(Array.from({ length: SEEDS }, (_, index) => index + 1))('agree in world %i', async (seed) => {
    const { faults, trace } = await runSeed(seed);
    // The trace is there to be read when something is wrong.
    expect(faults.length === 0 ? [] : [...faults, ...trace]).toEqual([]);
  });
});
