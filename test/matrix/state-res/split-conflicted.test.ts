import { describe, expect, test } from 'vitest';
import type { StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId } from '../../../src/matrix/ids/brands.ts';
import { splitConflicted } from '../../../src/matrix/state-res/split-conflicted.ts';
import { idOf, keyOf, stateOf } from './auth-graph.ts';

const base = stateOf('a', 'b');
const readBase = (tuple: StateTuple): EventId | undefined => base.get(tuple);
const delta = (...entries: readonly [string, string | undefined][]) => ({
  changes: new Map(entries.map(([key, name]) => [keyOf(key), name === undefined ? undefined : idOf(name)])),
});

describe.each([true, false])('where absence is a conflict: %s', (absenceConflicts) => {
  test('a key is conflicted if one set changes it and the other has what the base has', () => {
    const { conflicted } = splitConflicted(readBase, [delta(['a', 'new']), delta()], { absenceConflicts });
    expect(conflicted).toEqual(new Map([[keyOf('a'), [idOf('new'), idOf('a')]]]));
  });

  test('a key that all sets change alike is not conflicted, nor one that all took away', () => {
    const sets = [delta(['a', 'new'], ['b', undefined]), delta(['b', undefined], ['a', 'new'])];
    const { conflicted, unconflicted } = splitConflicted(readBase, sets, { absenceConflicts });
    expect(conflicted.size).toBe(0);
    expect(unconflicted).toEqual(
      new Map([
        [keyOf('a'), idOf('new')],
        [keyOf('b'), undefined],
      ]),
    );
  });
});

test('a key that one set lacks is conflicted since version 2', () => {
  const split = splitConflicted(readBase, [delta(['c', 'c']), delta()], { absenceConflicts: true });
  expect(split.conflicted).toEqual(new Map([[keyOf('c'), [idOf('c'), undefined]]]));
});

test('a key that one set lacks is not conflicted in version 1, and the others decide', () => {
  const split = splitConflicted(readBase, [delta(['a', undefined]), delta()], { absenceConflicts: false });
  expect(split.conflicted.size).toBe(0);
  expect(split.unconflicted.get(keyOf('a'))).toBe(idOf('a'));
});
