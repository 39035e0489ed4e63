import { expect, test } from 'vitest';

import { signingKeyFromSeed, verifyKeyFromBase64, type VerifyKey } from '../../../src/matrix/crypto/ed25519.ts';
import { signJson, verifyJson } from '../../../src/matrix/crypto/signed-json.ts';

// Appendices, "Cryptographic Test Vectors".
const key = signingKeyFromSeed('ed25519:1', Buffer.from('YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1', 'base64'));
const verifyKey = verifyKeyFromBase64(key.publicKey) as VerifyKey;

test('the empty object is signed as in the specification', () => {
  expect(signJson({}, 'domain', key)).toEqual({
    signatures: {
      domain: {
        'ed25519:1': 'K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ',
      },
    },
  });
});

test('an object with data is signed as in the specification', () => {
  expect(signJson({ two: 'Two', one: 1 }, 'domain', key)).toEqual({
    one: 1,
    signatures: {
      domain: {
        'ed25519:1': 'KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw',
      },
    },
    two: 'Two',
  });
});

test('signatures of others and unsigned stay, and are not covered', () => {
  const signed = signJson({ one: 1, unsigned: { age: 5 }, signatures: { other: { k: 's' } } }, 'domain', key);
  expect(signed['signatures']).toMatchObject({ other: { k: 's' } });
  expect(verifyJson({ ...signed, unsigned: { age: 6 } }, 'domain', 'ed25519:1', verifyKey)).toBe(true);
});

test.each([
  ['another object', 'domain', 'ed25519:1', { one: 2 }],
  ['another signer', 'other', 'ed25519:1', {}],
  ['another key ID', 'domain', 'ed25519:2', {}],
  ['a name that every object has', 'constructor', 'name', {}],
])('a signature does not hold for %s', (_what, signer, keyId, changes) => {
  const signed = signJson({ one: 1 }, 'domain', key);
  expect(verifyJson({ ...signed, ...changes }, signer, keyId, verifyKey)).toBe(false);
});
