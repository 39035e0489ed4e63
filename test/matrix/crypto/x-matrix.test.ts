import * as fc from 'fast-check';
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
  ['space around =', 'X-Matrix origin = a.example,destination\t=b.example,key= "ed25519:1",sig="c2ln"'],
  ['empty list elements', 'X-Matrix ,origin=a.example,, destination=b.example , ,key="ed25519:1",sig="c2ln",'],
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

test('a header is read in any order, quoted or not, in any case, with any space', () => {
  const name = fc.constantFrom('a.example', 'hs1', 'localhost:8448', '[::1]:8448', '1.2.3.4');
  const values = fc.record({
    origin: name,
    destination: name,
    key: fc.stringMatching(/^ed25519:[a-zA-Z0-9_]{1,8}$/),
    sig: fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    unknown: fc.stringMatching(/^[ -~]{0,20}$/),
  });
  const names = ['origin', 'destination', 'key', 'sig', 'unknown'] as const;
  const space = fc.constantFrom('', ' ', '\t ');
  const style = fc.record({
    quoted: fc.boolean(),
    upper: fc.boolean(),
    escaped: fc.boolean(),
    before: space,
    after: space,
  });
  const order = fc.shuffledSubarray([...names], { minLength: 5 });
  fc.assert(
    fc.property(values, order, fc.array(style, { minLength: 5, maxLength: 5 }), (given, ordered, styles) => {
      const parameters = ordered.map((parameter, index) => {
        const { quoted, upper, escaped, before, after } = styles[index] ?? { before: '', after: '' };
        const value = given[parameter].replaceAll(escaped === true ? /[\s\S]/g : /["\\]/g, String.raw`\$&`);
        const asIs = quoted !== true && parameter !== 'unknown';
        const written = asIs ? given[parameter] : `"${value}"`;
        return `${before}${upper === true ? parameter.toUpperCase() : parameter}=${written}${after}`;
      });
      const { origin, destination, key: keyId, sig: signature } = given;
      expect(parseXMatrix(`X-Matrix ${parameters.join(',')}`)).toEqual({
        ok: true,
        value: { origin, destination, keyId, signature },
      });
    }),
  );
});

test('a header that nearly matches is refused in no time', () => {
  for (const junk of [
    'a='.repeat(20_000),
    ', '.repeat(20_000),
    '\\'.repeat(40_000),
    '"'.repeat(40_001),
    ' '.repeat(40_000),
  ]) {
    expect(parseXMatrix(`X-Matrix a="b" ${junk}`).ok).toBe(false);
    expect(parseXMatrix(`X-Matrix a="${junk}`).ok).toBe(false);
  }
});

test('the form is the one that older servers read', () => {
  expect(buildXMatrix({ ...request, content: undefined }, key)).toMatch(
    /^X-Matrix origin="origin\.hs\.example\.com",destination="destination\.hs\.example\.com:8448",key="ed25519:key1",sig="[A-Za-z0-9+/]{86}"$/,
  );
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
  'X-Matrixorigin="a.example",key="ed25519:1",sig="c2ln"',
  'X-Matrix\torigin="a.example",key="ed25519:1",sig="c2ln"',
  'X-Matrix origin="a.example" key="ed25519:1",sig="c2ln"',
  'X-Matrix origin="a.example",key="ed25519:1",sig="c2ln',
  'X-Matrix origin="a.example",key="ed25519:1",sig="c2ln\\"',
  'X-Matrix origin="a.example",ORIGIN="a.example",key="ed25519:1",sig="c2ln"',
  'X-Matrix origin="a.example",key="ed25519:",sig="c2ln"',
  'X-Matrix origin="[::::]",key="ed25519:1",sig="c2ln"',
  'X-Matrix origin="a.example",destination="",key="ed25519:1",sig="c2ln"',
  'X-Matrix origin="a.example",key="ed25519:1",sig="c2ln", X-Matrix origin="a.example",key="ed25519:2",sig="c2ln"',
])('a header is refused: %s', (header) => {
  expect(parseXMatrix(header).ok).toBe(false);
});
