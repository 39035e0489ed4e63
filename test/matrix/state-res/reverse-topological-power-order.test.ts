import { expect, test } from 'vitest';
import { reverseTopologicalPowerOrder } from '../../../src/matrix/state-res/reverse-topological-power-order.ts';
import { authGraph, type Sketch } from './auth-graph.ts';

function orderOf(sketch: Sketch, powers: Readonly<Record<string, number>> = {}): string[] {
  const { events } = authGraph(sketch);
  const power = ({ stateKey = '' }: { stateKey: string | undefined }): number => powers[stateKey] ?? 0;
  return reverseTopologicalPowerOrder(events, power).map(({ stateKey = '' }) => stateKey);
}

test('an event comes after its auth events, whatever its power and its clock', () => {
  const sketch = {
    c: { auth: ['b'], originServerTs: 1 },
    b: { auth: ['a'], originServerTs: 2 },
    a: { originServerTs: 3 },
  };
  expect(orderOf(sketch, { c: 100, b: 50 })).toEqual(['a', 'b', 'c']);
});

test('of candidates the one of higher power comes first, then of the earlier clock, then of the lower ID', () => {
  const sketch = {
    e: { originServerTs: 1 },
    d: { originServerTs: 2 },
    c: { originServerTs: 2 },
    b: { originServerTs: 9 },
    a: { originServerTs: 9 },
  };
  expect(orderOf(sketch, { b: 50, a: Infinity })).toEqual(['a', 'b', 'e', 'c', 'd']);
});

test('the smallest candidate comes at each step, not level by level', () => {
  const sketch = { a: { originServerTs: 5 }, b: { originServerTs: 1 }, b1: { auth: ['b'], originServerTs: 2 } };
  expect(orderOf(sketch)).toEqual(['b', 'b1', 'a']);
});

test('IDs compare by code point, as other servers compare them', () => {
  expect(orderOf({ '\u{1F600}': [], '\uFF21': [] })).toEqual(['\uFF21', '\u{1F600}']);
});

test('an auth event outside the set, or named twice, holds nothing up', () => {
  expect(orderOf({ a: ['elsewhere'], b: ['a', 'a'] })).toEqual(['a', 'b']);
});
