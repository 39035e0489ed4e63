import * as noble from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeBase64 } from '../../../src/matrix/crypto/base64.ts';
import { signingKeyFromSeed, verify, verifyKeyFromBase64 } from '../../../src/matrix/crypto/ed25519.ts';
import type { VerifyKey } from '../../../src/matrix/crypto/ed25519.ts';

noble.hashes.sha512 = sha512;

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });

function verifyKeyOf(publicKey: string): VerifyKey {
  const key = verifyKeyFromBase64(publicKey);
  if (key === undefined) throw new Error('no key');
  return key;
}

describe('a signature', () => {
  test('is that of RFC 8032, section 7.1, test 2', () => {
    const seed = Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex');
    const key = signingKeyFromSeed('ed25519:a1', seed);
    expect(key.keyId).toBe('ed25519:a1');
    expect(Buffer.from(key.publicKey, 'base64').toString('hex')).toBe(
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    );
    expect(Buffer.from(key.sign(Uint8Array.of(0x72)), 'base64').toString('hex')).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
  });

  test('is the same as that of another implementation, and both accept it', () => {
    fc.assert(
      fc.property(seeds, fc.uint8Array(), (seed, message) => {
        const key = signingKeyFromSeed('ed25519:1', seed);
        const signature = key.sign(message);
        expect(key.publicKey).toBe(encodeBase64(noble.getPublicKey(seed)));
        expect(signature).toBe(encodeBase64(noble.sign(message, seed)));
        expect(verify(verifyKeyOf(key.publicKey), message, signature)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('with any bit changed, of it, the key or the message, is refused as another implementation does', () => {
    const kinds = fc.constantFrom('signature' as const, 'key' as const, 'message' as const);
    fc.assert(
      fc.property(seeds, fc.uint8Array({ minLength: 1 }), kinds, fc.nat(), (seed, message, kind, at) => {
        const parts: Record<typeof kind, Uint8Array> = {
          signature: noble.sign(message, seed),
          key: noble.getPublicKey(seed),
          message,
        };
        const changed = Uint8Array.from(parts[kind]);
        const bit = at % (changed.length * 8);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        parts[kind] = changed;
        const { signature, key, message: signed } = parts;
        const parsed = verifyKeyFromBase64(encodeBase64(key));
        expect(parsed !== undefined && verify(parsed, signed, encodeBase64(signature))).toBe(false);
        expect(noble.verify(signature, signed, key, { zip215: false })).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('is not one with a multiple of the group order added, nor of another length', () => {
    const key = signingKeyFromSeed('ed25519:1', Buffer.alloc(32, 3));
    const verifyKey = verifyKeyOf(key.publicKey);
    const signature = Buffer.from(key.sign('message'), 'base64');
    const scalar = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`);
    const other = (scalar + noble.Point.CURVE().n).toString(16).padStart(64, '0');
    const malleated = Buffer.concat([signature.subarray(0, 32), Buffer.from(other, 'hex').reverse()]);
    expect(verify(verifyKey, 'message', encodeBase64(signature))).toBe(true);
    expect(verify(verifyKey, 'message', encodeBase64(malleated))).toBe(false);
    for (const wrong of ['', 'AAAA', encodeBase64(signature.subarray(0, 63)), '!', `${encodeBase64(signature)}AA`]) {
      expect(verify(verifyKey, 'message', wrong)).toBe(false);
    }
  });

  test('of a text is that of its UTF-8', () => {
    const key = signingKeyFromSeed('ed25519:1', Buffer.alloc(32, 3));
    expect(key.sign('日😀')).toBe(key.sign(Buffer.from('日😀')));
    expect(verify(verifyKeyOf(key.publicKey), '日😀', key.sign(Buffer.from('日😀')))).toBe(true);
  });
});

describe('a verify key', () => {
  const { publicKey } = signingKeyFromSeed('ed25519:1', Buffer.alloc(32, 9));

  test('is parsed from padded and unpadded Base64, and given back unpadded', () => {
    expect(verifyKeyFromBase64(publicKey)?.publicKey).toBe(publicKey);
    expect(verifyKeyFromBase64(`${publicKey}=`)?.publicKey).toBe(publicKey);
  });

  test.each(['', 'AAAA', `${publicKey}AA`, publicKey.slice(1), `!${publicKey.slice(1)}`])('is not %j', (text) => {
    expect(verifyKeyFromBase64(text)).toBeUndefined();
  });

  test('is no point of small order, under which one signature would hold for every message', () => {
    const torsion = smallOrderPoints();
    expect(torsion.every((hex) => noble.Point.fromHex(hex, true).isSmallOrder())).toBe(true);
    expect(new Set(torsion).size).toBe(8);
    for (const hex of torsion) {
      for (const signOfX of [0, 0x80]) {
        const bytes = Buffer.from(hex, 'hex');
        bytes[31] = ((bytes[31] ?? 0) & 0x7f) | signOfX;
        expect(verifyKeyFromBase64(encodeBase64(bytes))).toBeUndefined();
      }
    }
  });

  test('is not a second encoding of a point', () => {
    const prime = noble.Point.CURVE().p;
    for (let y = prime; y < 2n ** 255n; y += 1n) {
      const bytes = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse();
      expect(verifyKeyFromBase64(encodeBase64(bytes))).toBeUndefined();
      bytes[31] = (bytes[31] ?? 0) | 0x80;
      expect(verifyKeyFromBase64(encodeBase64(bytes))).toBeUndefined();
    }
  });

  test('may be any other point', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { key } = verifyKeyOf(encodeBase64(noble.getPublicKey(seed)));
        expect(key.export({ format: 'jwk' }).x).toBe(Buffer.from(noble.getPublicKey(seed)).toString('base64url'));
      }),
      { numRuns: 30 },
    );
  });
});

test('a seed has 32 bytes', () => {
  expect(() => signingKeyFromSeed('ed25519:1', Buffer.alloc(31))).toThrow();
  expect(() => signingKeyFromSeed('ed25519:1', Buffer.alloc(33))).toThrow();
});

/** The multiples of a point of order 8: any point times the order of the large subgroup, until one has that order. */
function smallOrderPoints(): string[] {
  const { n } = noble.Point.CURVE();
  for (let y = 2n; ; y += 1n) {
    const encoded = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse();
    const point = pointOf(encoded.toString('hex'));
    const torsion = point?.multiply(n - 1n, false).add(point);
    if (torsion === undefined || torsion.double().double().is0()) continue;
    return Array.from({ length: 8 }, (_, times) => torsion.multiply(BigInt(times + 8), false).toHex());
  }
}

function pointOf(hex: string): noble.Point | undefined {
  try {
    return noble.Point.fromHex(hex, true);
  } catch {
    return undefined;
  }
}
