import { expect, test } from 'vitest';

import { RetrySlots } from '../../../../src/federation/sending/retry-slots.ts';
import type { ServerName } from '../../../../src/matrix/ids/brands.ts';

const [one, two, three] = ['one.test', 'two.test', 'three.test'] as ServerName[] as [
  ServerName,
  ServerName,
  ServerName,
];

test('servers that failed together are tried one after the other, and nobody before its time', () => {
  const slots = new RetrySlots(() => 1_000_000);
  expect(slots.take(one, 1_000_750)).toBe(1_000_800);
  expect(slots.take(two, 1_000_750)).toBe(1_001_000);
  expect(slots.take(three, 1_000_700)).toBe(1_001_200);
});

test('one with a long back-off keeps nobody waiting who has a shorter one', () => {
  const slots = new RetrySlots(() => 1_000_000);
  slots.take(one, 4_600_000);
  expect(slots.take(two, 1_000_600)).toBe(1_000_600);
});

test('who comes in its own slot, however late, is tried at once; of others that come together one', () => {
  let now = 1_000_000;
  const slots = new RetrySlots(() => now);
  const until = slots.take(one, 1_000_400);
  now = 1_005_100;
  expect(slots.turnOf(one, until)).toBe(now);
  expect(slots.turnOf(two, 900_000)).toBe(now);
  expect(slots.turnOf(three, 900_000)).toBe(1_005_200);
});
