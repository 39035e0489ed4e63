import { expect, test } from 'vitest';

import { lifetimeOf } from '../../../src/matrix/visibility/lifetime.ts';

const DAY = 86_400_000;

test.each([
  ['no rule, no default', undefined, 0, undefined],
  ['no rule', undefined, 7, 7 * DAY],
  ['the longest default', undefined, 36_500, 36_500 * DAY],
  ['a rule shorter than the default', { max_lifetime: DAY }, 7, DAY],
  ['a rule longer than the default', { max_lifetime: 30 * DAY }, 7, 30 * DAY],
  ['a rule without a default', { max_lifetime: DAY }, 0, DAY],
  ['a rule that asks for next to nothing', { max_lifetime: 0 }, 7, 60_000],
  ['a rule of longer than clocks go', { max_lifetime: Number.MAX_SAFE_INTEGER }, 7, undefined],
  ['a least lifetime above the default', { min_lifetime: 30 * DAY }, 7, 30 * DAY],
  ['a least lifetime below the default', { min_lifetime: DAY }, 7, 7 * DAY],
  ['a least lifetime alone', { min_lifetime: DAY }, 0, undefined],
  ['both', { min_lifetime: DAY, max_lifetime: 2 * DAY }, 7, 2 * DAY],
  ['a rule that contradicts itself', { min_lifetime: 2 * DAY, max_lifetime: DAY }, 7, 7 * DAY],
  ['a rule that is empty', {}, 7, 7 * DAY],
  ['null, which says nothing', { max_lifetime: null }, 7, 7 * DAY],
  ['a text', { max_lifetime: '1000' }, 7, 7 * DAY],
  ['a number below 0', { max_lifetime: -1 }, 7, 7 * DAY],
  ['a broken number', { max_lifetime: 1.5 }, 7, 7 * DAY],
])('%s', (_name, content, defaultDays, lifetime) => {
  expect(lifetimeOf(content, defaultDays)).toBe(lifetime);
});
