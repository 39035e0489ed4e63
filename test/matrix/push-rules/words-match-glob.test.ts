import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { wordsMatchGlob } from '../../../src/matrix/push-rules/words-match-glob.ts';

test.each([
  // Of the specification.
  ['ex*ple', 'An example event.'],
  ['ex*ple', 'exple'],
  ['ex*ple', 'An exciting triple-whammy'],
  ['cake', 'CAKE'],
  ['Cake', 'a piece of cake, please'],
  ['cake*lie', 'cake is a lie'],
  ['c?ke', 'coke'],
  ['c??ke', 'no c🍰ke but cooke'],
  ['c?ke', 'c🍰ke'],
  ['grüße', 'liebe GRÜSSE, nein: GRÜßE'],
  ['!lunch', 'time for!lunch'],
  ['*', ''],
  ['a*', 'x a'],
  ['*b', 'b'],
  ['a+b', 'is a+b.'],
])('%s matches in %s', (glob, text) => {
  expect(wordsMatchGlob(glob, text)).toBe(true);
});

test.each([
  ['cake', 'cakes'],
  ['cake', 'pancake'],
  ['cake', 'cake_'],
  ['cake', ''],
  ['c?ke', 'cke'],
  ['cake*lie', 'lie, cake'],
  ['a.b', 'axb'],
  ['cake', 'pan-cakes'],
])('%s does not match in %s', (glob, text) => {
  expect(wordsMatchGlob(glob, text)).toBe(false);
});

/** The same said with a regular expression. */
function asRegExp(glob: string): RegExp {
  const source = glob.replaceAll(/[*?]|[^*?]+/g, (part) =>
    part === '?' ? '.' : part.startsWith('*') ? '.*' : part.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`),
  );
  const word = '[A-Za-z0-9_]';
  return new RegExp(`(?:^|(?<!${word})|(?!${word}))${source}(?:$|(?<!${word})|(?!${word}))`, 'isu');
}

const few = fc.array(fc.constantFrom('a', 'B', 'ab', ' ', '-', '_', '🍰'), { maxLength: 8 }).map((p) => p.join(''));
const globs = fc.array(fc.constantFrom('a', 'b', 'A', ' ', '-', '*', '?'), { maxLength: 6 }).map((p) => p.join(''));

test('agrees with a regular expression', () => {
  fc.assert(
    fc.property(globs, few, (glob, text) => {
      expect(wordsMatchGlob(glob, text)).toBe(asRegExp(glob).test(text));
    }),
    { numRuns: 3_000 },
  );
});

test('takes a long text against an awkward pattern in its stride', () => {
  expect(wordsMatchGlob(`${'a*'.repeat(200)}b`, 'a '.repeat(30_000))).toBe(false);
});
