import { expect, test } from 'vitest';

import { signingKeyFromSeed, verifyKeyFromBase64, type VerifyKey } from '../../../src/matrix/crypto/ed25519.ts';
import { verifyJson } from '../../../src/matrix/crypto/signed-json.ts';
import { buildXMatrix, parseXMatrix, verifyXMatrix } from '../../../src/matrix/crypto/x-matrix.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';

const key = signingKeyFromSeed('ed25519:key1', Buffer.alloc(32, 7));
const verifyKey = verifyKeyFromBase64(key.publicKey) as VerifyKey;
const request = {
  method: 'PUT',
  uri: '/_matrix/federation/v1/send/1?a=%27',
  origin: 'origin.hs.example.com' as ServerName,
  destination: 'destination.hs.example.com:8448' as ServerName,
  content: { pdus: [] },
};

test('what is built is parsed and verified', () => {
  const header = parseXMatrix(buildXMatrix(request, key));
  if (!header.ok) throw new Error(header.reason);
  expect(header.value).toMatchObject({ origin: request.origin, destination: request.destination, keyId: key.keyId });
  expect(verifyXMatrix(request, header.value.signature, verifyKey)).toBe(true);
  expect(verifyXMatrix({ ...request, uri: `${request.uri}&` }, header.value.signature, verifyKey)).toBe(false);
  expect(verifyXMatrix({ ...request, content: undefined }, header.value.signature, verifyKey)).toBe(false);
});

test('the signature is that of the JSON object of the specification', () => {
  const header = parseXMatrix(buildXMatrix(request, key));
  const signatures = { [request.origin]: { [key.keyId]: header.ok ? header.value.signature : '' } };
  expect(verifyJson({ ...request, signatures }, request.origin, key.keyId, verifyKey)).toBe(true);
});

test.each([
  ['quoted', 'X-Matrix origin="a.example",destination="b.example",key="ed25519:1",sig="c2ln"'],
  ['tokens with a colon', 'X-Matrix origin=a.example,destination=b.example,key=ed25519:1,sig=c2ln'],
  [
    'space around commas, any order',
    'x-matrix  SIG="c2ln" ,\tkey="ed25519:1", Origin=a.example , destination=b.example',
  ],
  [
    'escaped and with unknown names',
    'X-Matrix origin="a\\.example",x="a,b=\\"c",destination="b.example",key="ed25519:1",sig="c2ln"',
  ],
])('a header is read: %s', (_what, header) => {
  expect(parseXMatrix(header)).toEqual({
    ok: true,
    value: { origin: 'a.example', destination: 'b.example', keyId: 'ed25519:1', signature: 'c2ln' },
  });
});

test('the destination may be missing', () => {
  const header = parseXMatrix('X-Matrix origin=a.example,key="ed25519:1",sig="c2ln"');
  expect(header).toMatchObject({ ok: true, value: { destination: undefined } });
});

test.each([
  'Bearer abc',
  'X-Matrix',
  'X-Matrix origin="a.example"',
  'X-Matrix origin="a.example",key="ed25519:1"',
  'X-Matrix origin="a.example",key="ed25519:1",sig=""',
  'X-Matrix origin="a b",key="ed25519:1",sig="c2ln"',
  'X-Matrix origin="a.example",key="rsa:1",sig="c2ln"',
  'X-Matrix origin="a.example",origin="b.example",key="ed25519:1",sig="c2ln"',
  'X-Matrix origin="a.example,key="ed25519:1",sig="c2ln"',
  'X-Matrix origin="a.example",destination="",key="ed25519:1",sig="c2ln"',
  'X-Matrix origin="a.example",key="ed25519:1",sig="c2ln", X-Matrix origin="a.example",key="ed25519:2",sig="c2ln"',
])('a header is refused: %s', (header) => {
  expect(parseXMatrix(header).ok).toBe(false);
});
