import { expect, test } from 'vitest';

import { plainJson } from '../../../src/matrix/json/plain-json.ts';
import { parseJson } from '../../../src/matrix/json/strict-json.ts';

function plain(text: string): unknown {
  const parsed = parseJson(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return plainJson(parsed.value);
}

test.each([
  ['1.0', 1],
  ['0.25', 0.25],
  ['-0', 0],
  ['9007199254740993', 9_007_199_254_740_992],
  ['1e400', Number.MAX_VALUE],
  ['-1e400', -Number.MAX_VALUE],
])('%s becomes a number that JSON can write, wherever it stands', (source, expected) => {
  expect(plain(`{"a":[{"b":${source}}],"c":1}`)).toEqual({ a: [{ b: expected }], c: 1 });
});

test('a key that is named like a part of every object stays a key', () => {
  expect(Object.entries(plain('{"__proto__":1.0}') as object)).toEqual([['__proto__', 1]]);
});

test('a value without such numbers is given back as it is', () => {
  const value = { a: [1, 'b', null] };
  expect(plainJson(value)).toBe(value);
});
