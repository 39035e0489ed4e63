import { describe, expect, test } from 'vitest';

import { runSeed, type Options } from '../support/simulator/world.ts';

/** As many as fit into a minute of a slow machine; `npm run simulate` runs more. */
const worlds: readonly (readonly [what: string, seeds: number, options: Options])[] = [
  ['three servers, whatever the network and the platform do to them', 40, {}],
  ['three servers, of which one does what it may not do', 12, { isHostile: true }],
  ['four servers', 4, { servers: 4 }],
];

/** A world takes half a second; this is for machines that do other things besides. */
const patience = { timeout: 60_000 };

describe.for(worlds)('%s', ([, seeds, options]) => {
  test.for(Array.from({ length: seeds }, (_, index) => index + 1))('agree in world %i', patience, async (seed) => {
    const { faults, trace } = await runSeed(seed, options);
    // The trace is there to be read when something is wrong.
    expect(faults.length === 0 ? [] : [...faults, ...trace]).toEqual([]);
  });
});
