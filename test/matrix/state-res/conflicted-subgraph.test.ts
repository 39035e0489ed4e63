import { expect, test } from 'vitest';
import { authHeights } from '../../../src/matrix/state-res/auth-heights.ts';
import { conflictedSubgraph } from '../../../src/matrix/state-res/conflicted-subgraph.ts';
import { WorkBudget } from '../../../src/matrix/state-res/work-budget.ts';
import { authGraph, idOf, namesOf, type Sketch } from './auth-graph.ts';

function subgraphOf(sketch: Sketch, conflicted: readonly string[], work = new WorkBudget(1_000)): string[] {
  const { source } = authGraph(sketch);
  const height = authHeights(source, new WorkBudget(1_000));
  return namesOf(conflictedSubgraph(new Set(conflicted.map(idOf)), source, { height }, work));
}

test('has every event on a path from one conflicted event to another', () => {
  const sketch = { root: [], old: ['root'], a: ['old'], b: ['a'], side: ['root'], new: ['b', 'side'] };
  expect(subgraphOf(sketch, ['old', 'new'])).toEqual(['a', 'b', 'new', 'old']);
});

test('has the paths that run through a third conflicted event, and all of several', () => {
  const sketch = { old: [], a: ['old'], b: ['old'], middle: ['a'], c: ['middle'], new: ['c', 'b'] };
  expect(subgraphOf(sketch, ['old', 'middle', 'new'])).toEqual(['a', 'b', 'c', 'middle', 'new', 'old']);
});

test('is the conflicted events alone where none leads to another', () => {
  const sketch = { root: [], a: ['root'], b: ['root'], x1: ['a'], x2: ['b'] };
  expect(subgraphOf(sketch, ['x1', 'x2'])).toEqual(['x1', 'x2']);
});

test('walks nowhere for events that cannot authorize others', () => {
  const sketch = { root: [], a: ['root'], t1: { type: 'm.room.topic', auth: ['a'] }, t2: { type: 'm.room.topic' } };
  const work = new WorkBudget(1_000);
  expect(subgraphOf(sketch, ['t1', 't2'], work)).toEqual(['t1', 't2']);
  expect(work.visited).toBe(0);
});
