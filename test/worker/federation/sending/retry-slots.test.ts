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

test('however many are down none waits longer than ten minutes, and they are tried evenly over those', () => {
  const slots = new RetrySlots(() => 1_000_000);
  const tries = Array.from({ length: 9_000 }, (_, at) => slots.take(`s${at}.test` as ServerName, 1_000_000));
  expect(Math.max(...tries)).toBeLessThan(1_600_000);
  const together = new Map<number, number>();
  for (const at of tries) together.set(at, (together.get(at) ?? 0) + 1);
  expect(new Set(together.values())).toEqual(new Set([3]));
});

test('who comes in a slot that is shared is tried at once, too', () => {
  let now = 1_000_000;
  const slots = new RetrySlots(() => now);
  for (let at = 0; at < 3_000; at += 1) slots.take(`s${at}.test` as ServerName, now);
  const until = [one, two].map((server) => slots.take(server, now));
  now = Math.max(...until);
  expect([slots.turnOf(one, until[0] ?? 0), slots.turnOf(two, until[1] ?? 0)]).toEqual([now, now]);
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
