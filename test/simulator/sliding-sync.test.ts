import { expect, test } from 'vitest';

import { runSeed, worldOf } from '../support/simulator/world.ts';

const WORLDS = 12;

test.for(Array.from({ length: WORLDS }, (_, index) => index + 1))(
  'what sliding syncs told, folded, is history and state in world %i',
  async (seed) => {
    const { faults, trace, counts } = await runSeed(seed, { ...worldOf(seed), isSliding: true });
    expect(faults.length === 0 ? [] : [...faults, ...trace]).toEqual([]);
    expect(counts.slides).toBeGreaterThan(0);
  },
);
