import { expect, test } from 'vitest';
import { authHeights } from '../../../src/matrix/state-res/auth-heights.ts';
import { WorkBudget } from '../../../src/matrix/state-res/work-budget.ts';
import { authGraph, idOf, type Sketch } from './auth-graph.ts';

test('an event stands one above the highest of its auth events that are at hand', () => {
  const { source } = authGraph({ root: [], a: ['root'], b: ['a', 'root'], c: ['lost', 'a'], d: ['lost'] });
  const height = authHeights(source, new WorkBudget(100));
  expect(['b', 'root', 'a', 'c', 'd', 'lost'].map((name) => height(idOf(name)))).toEqual([2, 0, 1, 2, 0, undefined]);
});

test('a chain may be as long as it will, and each event is visited once', () => {
  const chain: Sketch = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`e${index}`, index === 0 ? [] : [`e${index - 1}`]]),
  );
  const { source } = authGraph(chain);
  const work = new WorkBudget(20_000);
  const height = authHeights(source, work);
  expect(height(idOf('e19999'))).toBe(19_999);
  expect(height(idOf('e5'))).toBe(5);
  expect(work.exhausted).toBe(false);
});

test('auth events that lead round in a ring end the walk', () => {
  const { source } = authGraph({ a: ['b'], b: ['a'] });
  expect(authHeights(source, new WorkBudget(100))(idOf('a'))).toBe(1);
});
