import { expect, test } from 'vitest';

import { createSessionTokens } from '../../../src/accounts/session-tokens.ts';

const tokens = createSessionTokens('a secret of this server');

test('a token names its shard', () => {
  const token = tokens.make('u12');
  expect(token).toMatch(/^eyrie_u12_[A-Za-z0-9_-]{44}$/);
  expect(tokens.shardOf(token)).toBe('u12');
  expect(tokens.make('u12')).not.toBe(token);
});

const token = tokens.make('u1');

test.each([
  ['of another shard', token.replace('_u1_', '_u2_')],
  ['of another server', createSessionTokens('another secret').make('u1')],
  ['with one letter changed', `${token.slice(0, 20)}${token[20] === 'A' ? 'B' : 'A'}${token.slice(21)}`],
  ['with its end cut off', token.slice(0, -1)],
  ['with something behind it', `${token}A`],
  ['that is all made up', `eyrie_u1_${'A'.repeat(44)}`],
  ['with a shard that is none', token.replace('_u1_', '_../u1_')],
  ['of another kind', 'syt_abc_def'],
  ['that is empty', ''],
])('a token %s names none', (_name, made) => {
  expect(tokens.shardOf(made)).toBeUndefined();
});
