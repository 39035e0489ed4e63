import { expect, test } from 'vitest';
import { sha256 } from '../../../src/matrix/crypto/sha256.ts';

test.each([
  // FIPS 180-2, appendix B.
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
])('SHA-256 of %j', (text, digest) => {
  expect(sha256(text).toString('hex')).toBe(digest);
  expect(sha256(new TextEncoder().encode(text)).toString('hex')).toBe(digest);
});

test('a text is hashed as UTF-8', () => {
  expect(sha256('日😀')).toEqual(sha256(Buffer.from('日😀')));
});
