import { describe, expect, test } from 'vitest';

import { MultipartBroken, MultipartParts, boundaryOf } from '../../../src/federation/multipart-parts.ts';
import { piecesOf } from '../../support/core/pieces-of.ts';

async function partsOf(body: string, pieceBytes: number) {
  const parts = new MultipartParts(piecesOf(body, pieceBytes), 'b');
  const all: { headers: Record<string, string>; text: string }[] = [];
  for (let part = await parts.next(); part !== undefined; part = await parts.next()) {
    const pieces: Uint8Array[] = [];
    for await (const piece of part.body) pieces.push(piece);
    all.push({ headers: Object.fromEntries(part.headers), text: Buffer.concat(pieces).toString() });
  }
  return all;
}

const whole =
  '--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b\r\nContent-Type: text/plain\r\nX: a:b\r\n\r\n' +
  'one\r\n\r\ntwo\r\n--\r\n-b\r\n--b--\r\n';
const expected = [
  { headers: { 'content-type': 'application/json' }, text: '{}' },
  { headers: { 'content-type': 'text/plain', x: 'a:b' }, text: 'one\r\n\r\ntwo\r\n--\r\n-b' },
];

describe.each([1, 2, 3, 7, 1_000])('in pieces of %i bytes', (pieceBytes) => {
  test('the parts are told apart', async () => {
    expect(await partsOf(whole, pieceBytes)).toEqual(expected);
  });

  test('what stands before, behind and between them does not matter', async () => {
    const odd = `before\r\n${whole.replace('--b\r\nContent-Type: text', '--b  \r\nContent-Type: text')}behind\r\n`;
    expect(await partsOf(odd, pieceBytes)).toEqual(expected);
  });

  test('a part may be without headers, empty, and the last line without an end', async () => {
    expect(await partsOf('--b\r\n\r\n\r\n--b--', pieceBytes)).toEqual([{ headers: {}, text: '' }]);
  });

  test.each(['', 'no boundary', '--b\r\nX: y\r\n\r\nthe beginning', whole.slice(0, -6)])(
    'a body that breaks off is noticed: %j',
    async (body) => {
      await expect(partsOf(body, pieceBytes)).rejects.toThrow(MultipartBroken);
    },
  );
});

test('headers without end are not read for ever', async () => {
  await expect(partsOf(`--b\r\nX: ${'y'.repeat(100_000)}`, 1_000)).rejects.toThrow(/too long/);
});

test('what stands before the first part is not read for ever', async () => {
  await expect(partsOf('x'.repeat(200_000), 1_000)).rejects.toThrow(/should be short/);
});

test.each([
  ['multipart/mixed; boundary=abc', 'abc'],
  ['Multipart/Mixed; charset=utf-8; Boundary="a b;c"', 'a b;c'],
  ['multipart/mixed;boundary=abc; x=y', 'abc'],
  ['multipart/mixed', undefined],
  ['application/json; boundary=abc', undefined],
  [null, undefined],
])('the boundary of %s is %s', (contentType, boundary) => {
  expect(boundaryOf(contentType)).toBe(boundary);
});
