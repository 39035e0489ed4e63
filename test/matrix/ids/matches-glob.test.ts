import { expect, test } from 'vitest';

import { matchesGlob } from '../../../src/matrix/ids/matches-glob.ts';

test.each([
  ['*', ''],
  ['*', 'anything'],
  ['?*', 'a'],
  ['*.example.org', 'a.b.example.org'],
  ['e?il.com', 'evil.com'],
  ['*a*b', 'xaxbxb'],
  ['**', 'a'],
  ['a.c', 'a.c'],
])('%s matches %s', (glob, text) => {
  expect(matchesGlob(glob, text)).toBe(true);
});

test.each([
  ['', 'a'],
  ['?', ''],
  ['??', 'a'],
  ['*.example.org', 'example.org'],
  ['a.c', 'abc'],
  ['*a*b', 'xbxa'],
  ['evil.com', 'evil.com.au'],
  ['evil.com', 'not-evil.com'],
  ['[ab]', 'a'],
])('%s does not match %s', (glob, text) => {
  expect(matchesGlob(glob, text)).toBe(false);
});

test('a glob full of stars does not take exponential time', () => {
  expect(matchesGlob(`${'*a'.repeat(2_000)}b`, 'a'.repeat(4_000))).toBe(false);
});
