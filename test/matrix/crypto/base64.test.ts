import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBase64, encodeBase64, encodeBase64Url } from '../../../src/matrix/crypto/base64.ts';

// Appendices, "Unpadded Base64".
const examples = [
  ['', ''],
  ['f', 'Zg'],
  ['fo', 'Zm8'],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg'],
  ['fooba', 'Zm9vYmE'],
  ['foobar', 'Zm9vYmFy'],
] as const;

describe('unpadded Base64', () => {
  test.each(examples)('of %j is %j', (text, encoded) => {
    expect(encodeBase64(Buffer.from(text))).toBe(encoded);
    expect(decodeBase64(encoded)).toEqual(Buffer.from(text));
  });

  test('has an alphabet for URLs', () => {
    const bytes = Uint8Array.of(0xfb, 0xff, 0xfe);
    expect([encodeBase64(bytes), encodeBase64Url(bytes)]).toEqual(['+//+', '-__-']);
  });

  test('of any bytes, or a view of some, is decoded again: in either alphabet, padded or not', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(8), (bytes, from) => {
        const view = bytes.subarray(from);
        const plain = Buffer.from(view);
        for (const encoded of [encodeBase64(view), encodeBase64Url(view), plain.toString('base64')]) {
          expect(Buffer.from(decodeBase64(encoded) ?? [0]).equals(plain)).toBe(true);
        }
      }),
    );
  });

  test.each(['A', 'Zm9vA', 'A==', 'Zg===', 'Z=g', 'Z g', ' Zg', 'Zg\n', 'Zg.', 'é'])('is not %j', (text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });
});
