import { expect, test } from 'vitest';

import { LRU } from '../../../src/storage/lru.ts';
import { MemoryBudget } from '../../../src/storage/memory-budget.ts';

const held = <Key>(map: LRU<Key, string>, ...keys: readonly Key[]) => keys.map((key) => map.get(key));

test('past its number of entries a map forgets what was used longest ago', () => {
  const map = new LRU<string, string>(2);
  map.set('a', 'A');
  map.set('b', 'B');
  map.get('a');
  map.set('c', 'C');
  expect(held(map, 'a', 'b', 'c')).toEqual(['A', undefined, 'C']);
});

test('maps with a budget forget together what was used longest ago in any of them', () => {
  const budget = new MemoryBudget(100);
  const [one, other] = [new LRU<string, string>(10, budget), new LRU<string, string>(10, budget)];
  one.set('a', 'A', 40);
  other.set('b', 'B', 40);
  one.get('a');
  other.set('c', 'C', 40);
  expect(held(one, 'a')).toEqual(['A']);
  expect(held(other, 'b', 'c')).toEqual([undefined, 'C']);
  expect(budget.bytes).toBe(80);
});

test('a value that is replaced, deleted, pushed out or cleared is counted no more', () => {
  const budget = new MemoryBudget(100);
  const map = new LRU<string, string>(2, budget);
  map.set('a', 'A', 60);
  map.set('a', 'AA', 30);
  expect([map.get('a'), budget.bytes]).toEqual(['AA', 30]);
  map.set('b', 'B', 5);
  map.set('c', 'C', 5);
  expect(budget.bytes).toBe(10);
  map.delete('b');
  expect(budget.bytes).toBe(5);
  map.clear();
  expect(budget.bytes).toBe(0);
});

test('a value larger than the whole budget is not kept', () => {
  const budget = new MemoryBudget(100);
  const map = new LRU<string, string>(2, budget);
  map.set('a', 'A', 50);
  map.set('b', 'B', 101);
  expect(held(map, 'a', 'b')).toEqual([undefined, undefined]);
  expect(budget.bytes).toBe(0);
});
