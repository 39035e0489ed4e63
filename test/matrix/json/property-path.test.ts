import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { propertyAt, splitPropertyPath } from '../../../src/matrix/json/property-path.ts';

test.each([
  ['content.body', ['content', 'body']],
  [String.raw`content.m\.relates_to.rel_type`, ['content', 'm.relates_to', 'rel_type']],
  [String.raw`content.m\\foo`, ['content', String.raw`m\foo`]],
  [String.raw`a\xb\\.c`, [String.raw`a\xb` + '\\', 'c']],
  ['a.', ['a', '']],
  ['a\\', ['a\\']],
  ['', ['']],
])('%s is %j', (path, names) => {
  expect(splitPropertyPath(path)).toEqual(names);
});

test('names with dots and backslashes that are escaped come back', () => {
  const escaped = (name: string) => name.replaceAll('\\', '\\\\').replaceAll('.', String.raw`\.`);
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (names) => {
      expect(splitPropertyPath(names.map(escaped).join('.'))).toEqual(names);
    }),
  );
});

test('only own properties of objects are found', () => {
  const event = { content: { list: ['a'], text: 'b', deep: { 'm.x': null } } };
  expect(propertyAt(event, ['content', 'deep', 'm.x'])).toBe(null);
  for (const path of [
    ['content', 'list', '0'],
    ['content', 'text', 'length'],
    ['constructor'],
    ['content', 'deep', 'y'],
  ]) {
    expect(propertyAt(event, path)).toBe(undefined);
  }
});
