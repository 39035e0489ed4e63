import { expect, test } from 'vitest';

import { backoffDelayMs } from '../../../../src/federation/sending/backoff.ts';

test('delays double from one second to one hour', () => {
  expect([1, 2, 3, 12, 13, 1000].map((attempt) => backoffDelayMs(attempt, 1))).toEqual([
    1_000, 2_000, 4_000, 2_048_000, 3_600_000, 3_600_000,
  ]);
});

test('half of a delay is random', () => {
  expect([backoffDelayMs(3, 0), backoffDelayMs(3, 0.5)]).toEqual([2_000, 3_000]);
});
