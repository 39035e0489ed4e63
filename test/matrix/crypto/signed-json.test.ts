import { expect, test } from 'vitest';

import { signingKeyFromSeed, verifyKeyFromBase64, type VerifyKey } from '../../../src/matrix/crypto/ed25519.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
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

test('a signature with the same key ID is replaced, others of the same signer stay', () => {
  const signed = signJson(
    { one: 1, signatures: { domain: { 'ed25519:1': 'old', 'ed25519:0': 'other' } } },
    'domain',
    key,
  );
  expect(signed['signatures']).toMatchObject({ domain: { 'ed25519:0': 'other' } });
  expect(verifyJson(signed, 'domain', 'ed25519:1', verifyKey)).toBe(true);
});

test('the object that was signed is not changed', () => {
  const json = Object.freeze({ one: 1, signatures: Object.freeze({ other: Object.freeze({}) }) });
  expect(Object.keys(signJson(json, 'domain', key))).toEqual(['one', 'signatures']);
  expect(json).toEqual({ one: 1, signatures: { other: {} } });
});

test('every other key is covered, __proto__ too', () => {
  const json = JSON.parse('{"__proto__":{"a":1},"one":1}') as JsonObject;
  const signed = signJson(json, 'domain', key);
  expect(verifyJson(signed, 'domain', 'ed25519:1', verifyKey)).toBe(true);
  const text = JSON.stringify(signed);
  const changed = JSON.parse(text.replace('{"a":1}', '{"a":2}')) as JsonObject;
  expect(verifyJson(JSON.parse(text) as JsonObject, 'domain', 'ed25519:1', verifyKey)).toBe(true);
  expect(verifyJson(changed, 'domain', 'ed25519:1', verifyKey)).toBe(false);
});

test('an algorithm that is not understood is no signature', () => {
  const signed = signJson({ one: 1 }, 'domain', { ...key, keyId: 'other:1' });
  expect(verifyJson(signed, 'domain', 'other:1', verifyKey)).toBe(false);
});

test.each([undefined, null, [], 'a', 1, { domain: 1 }, { domain: [] }, { domain: { 'ed25519:1': 1 } }, { domain: {} }])(
  'there is no signature in %j',
  (signatures) => {
    expect(verifyJson({ one: 1, signatures }, 'domain', 'ed25519:1', verifyKey)).toBe(false);
  },
);

test.each([
  ['another object', 'domain', 'ed25519:1', { one: 2 }],
  ['another signer', 'other', 'ed25519:1', {}],
  ['another key ID', 'domain', 'ed25519:2', {}],
  ['a name that every object has', 'constructor', 'name', {}],
])('a signature does not hold for %s', (_what, signer, keyId, changes) => {
  const signed = signJson({ one: 1 }, 'domain', key);
  expect(verifyJson({ ...signed, ...changes }, signer, keyId, verifyKey)).toBe(false);
});
