import { expect, test } from 'vitest';

import { RateLimiter, takeOne } from '../../src/matrix/rate-limiter.ts';

const limit = { burst: 3, intervalMs: 1_000 };

test('a burst is allowed, then one per interval', () => {
  const limiter = new RateLimiter(limit);
  expect([limiter.take('a', 0), limiter.take('a', 0), limiter.take('a', 0)]).toEqual([0, 0, 0]);
  expect(limiter.take('a', 0)).toBe(1_000);
  expect(limiter.take('a', 400)).toBe(600);
  expect(limiter.take('a', 1_000)).toBe(0);
  expect(limiter.take('a', 1_000)).toBe(1_000);
});

test('what was refused does not count', () => {
  const limiter = new RateLimiter(limit);
  for (let i = 0; i < 100; i += 1) limiter.take('a', 0);
  expect(limiter.take('a', 1_000)).toBe(0);
});

test('keys are counted apart', () => {
  const limiter = new RateLimiter(limit);
  for (let i = 0; i < 3; i += 1) limiter.take('a', 0);
  expect(limiter.take('a', 0)).toBeGreaterThan(0);
  expect(limiter.take('b', 0)).toBe(0);
});

test('a flood of other keys does not forget who is limited just now', () => {
  const limiter = new RateLimiter(limit);
  for (let i = 0; i < 30_000; i += 1) {
    limiter.take(`key ${i}`, 0);
    if (i % 1_000 === 0) limiter.take('a', 0);
  }
  expect(limiter.take('a', 0)).toBeGreaterThan(0);
});

test('a clock that was set back locks nobody out for longer than a full burst takes', () => {
  expect(takeOne(limit, 1_000_000, 0).waitMs).toBeLessThanOrEqual(limit.burst * limit.intervalMs);
});
