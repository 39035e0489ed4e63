import { describe, expect, test } from 'vitest';
import type { StateMap, StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId } from '../../../src/matrix/ids/brands.ts';
import { authChainByChildren } from '../../../src/matrix/state-res/auth-chain-by-children.ts';
import { authChainFromBase } from '../../../src/matrix/state-res/auth-chain-from-base.ts';
import { authDifference } from '../../../src/matrix/state-res/auth-difference.ts';
import { authHeights } from '../../../src/matrix/state-res/auth-heights.ts';
import { splitConflicted } from '../../../src/matrix/state-res/split-conflicted.ts';
import { WorkBudget } from '../../../src/matrix/state-res/work-budget.ts';
import { authGraph, idOf, keyOf, namesOf, stateOf, type Sketch } from './auth-graph.ts';

/** The difference of sets that hold these events under the key `x` besides the base. */
function differenceOf(sketch: Sketch, base: StateMap, holders: readonly string[], upwards: boolean): string[] {
  const { events, source } = authGraph(sketch);
  const work = new WorkBudget(1_000);
  const height = authHeights(source, work);
  const readBase = (tuple: StateTuple): EventId | undefined => base.get(tuple);
  const authChildren = (id: EventId): EventId[] =>
    [...events.values()].filter(({ authEvents }) => authEvents.includes(id)).map(({ eventId }) => eventId);
  const sets = holders.map((name) => ({ changes: new Map([[keyOf('x'), idOf(name)]]) }));
  const input = {
    base: readBase,
    sets,
    events: source,
    authChain: upwards
      ? authChainByChildren(readBase, { events: source, height, authChildren })
      : authChainFromBase(base, source, height),
  };
  return namesOf(authDifference(input, splitConflicted(readBase, sets, { absenceConflicts: true }), work));
}

describe.each([true, false])('asking the base upwards: %s', (upwards) => {
  test('has what only one set leads to, down to where both meet', () => {
    const sketch = { root: [], shared: ['root'], a: ['shared'], b: ['shared'], x1: ['a'], x2: ['b'] };
    expect(differenceOf(sketch, stateOf(), ['x1', 'x2'], upwards)).toEqual(['a', 'b']);
  });

  test('leaves out what the base holds, and what is below it', () => {
    const sketch = { root: [], below: ['root'], held: ['below'], x1: ['held'], x2: ['root'] };
    expect(differenceOf(sketch, stateOf('held'), ['x1', 'x2'], upwards)).toEqual([]);
  });

  test('leaves out what only the auth chain of the base leads to', () => {
    const sketch = { root: [], old: ['root'], middle: ['old'], held: ['middle'], x1: ['old'], x2: ['root'] };
    expect(differenceOf(sketch, stateOf('held'), ['x1', 'x2'], upwards)).toEqual([]);
  });

  test('what the base holds under a changed key does not count', () => {
    const sketch = { root: [], old: ['root'], x: ['old'], x1: ['old'], x2: ['root'] };
    expect(differenceOf(sketch, stateOf('x', 'root'), ['x1', 'x2'], upwards)).toEqual(['old']);
  });

  test('has what two of three sets lead to', () => {
    const sketch = { root: [], a: ['root'], x1: ['a'], x2: ['a'], x3: ['root'] };
    expect(differenceOf(sketch, stateOf(), ['x1', 'x2', 'x3'], upwards)).toEqual(['a']);
  });

  test('a short way and a long way to the same event are one', () => {
    const sketch = { root: [], a: ['root'], b: ['a'], c: ['b'], x1: ['c', 'a'], x2: ['a'] };
    expect(differenceOf(sketch, stateOf(), ['x1', 'x2'], upwards)).toEqual(['b', 'c']);
  });

  test('passes over an auth event that is not at hand', () => {
    const sketch = { root: [], x1: ['lost', 'root'], x2: ['root'] };
    expect(differenceOf(sketch, stateOf('root'), ['x1', 'x2'], upwards)).toEqual(['lost']);
  });
});
