import { expect, test } from 'vitest';

import { createOpenIdTokens, OPENID_LIFE_MS } from '../../../src/accounts/openid-tokens.ts';
import type { UserId } from '../../../src/matrix/ids/brands.ts';

const alice = '@alice:eyrie.test' as UserId;
const NOW = 1_700_000_000_000;
const tokens = createOpenIdTokens('a secret');

test('a token tells whose it is until it ends', () => {
  const token = tokens.make(alice, NOW);
  expect(tokens.ownerOf(token, NOW + OPENID_LIFE_MS - 1)).toBe(alice);
  expect(tokens.ownerOf(token, NOW + OPENID_LIFE_MS)).toBeUndefined();
});

test('the longest user ID fits', () => {
  const longest = `@${'a'.repeat(255 - '@:eyrie.test'.length)}:eyrie.test` as UserId;
  expect(tokens.ownerOf(tokens.make(longest, NOW), NOW)).toBe(longest);
});

test('a token that was changed, or made with another secret, is nobody’s', () => {
  const [, user, until, mac] = tokens.make(alice, NOW).split('_');
  const other = Buffer.from('@mallory:eyrie.test').toString('base64url');
  expect(tokens.ownerOf(`openid_${other}_${until}_${mac}`, NOW)).toBeUndefined();
  expect(tokens.ownerOf(`openid_${user}_z${until}_${mac}`, NOW)).toBeUndefined();
  expect(createOpenIdTokens('another').ownerOf(tokens.make(alice, NOW), NOW)).toBeUndefined();
  for (const text of ['', 'x', 'openid___', `openid_${user}_${until}_`]) {
    expect(tokens.ownerOf(text, NOW)).toBeUndefined();
  }
});
