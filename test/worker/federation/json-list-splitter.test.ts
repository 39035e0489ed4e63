import { expect, test } from 'vitest';

import { JsonListSplitter, NotSplittable } from '../../../src/federation/json-list-splitter.ts';

/** Splits a text whose bytes come in pieces of a size. */
function split(text: string, size = text.length) {
  const taken: string[] = [];
  const splitter = new JsonListSplitter({ state: 'list', event: 'whole' }, (key, value) =>
    taken.push(`${key} ${value}`),
  );
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
  splitter.end();
  return taken;
}

const answer = String.raw`{ "other": [{"state": [1]}, "]"], "n": -1.5e3, "state" : [ {"a":"}]\"\\", "b":[1.0,{}]},
  "é😀", 10000000000000000000001 , null, [] ] , "event":{"x": {}}, "empty": {} }
`;

test.each([1, 2, 3, 7, 64, 1_000])('values come out as they were written, in pieces of %i bytes', (size) => {
  expect(split(answer, size)).toEqual([
    String.raw`state {"a":"}]\"\\", "b":[1.0,{}]}`,
    'state "é😀"',
    'state 10000000000000000000001',
    'state null',
    'state []',
    'event {"x": {}}',
  ]);
});

test('a key counts by what it says, however it is written', () => {
  expect(split(String.raw`{"st\u0061te":[{}]}`)).toEqual(['state {}']);
});

test.each([
  ['an empty answer', ''],
  ['a list', '[]'],
  ['an end in the middle', '{"state":[{}'],
  ['no list', '{"event":{}}'],
  ['something else than a list', '{"state":{}}'],
  ['a list twice', '{"state":[],"state":[]}'],
  ['a list twice, written otherwise', String.raw`{"state":[],"\u0073tate":[]}`],
  ['a comma too many', '{"state":[1,,2]}'],
  ['no colon', '{"state"[]}'],
  ['a bare key', '{state:[]}'],
  ['something after the end', '{"state":[]} x'],
  ['a bracket of another kind', '{"state":[}]'],
  ['no value', '{"a":,"state":[]}'],
  ['one value too large', `{"state":["${'x'.repeat(1024 * 1024)}"]}`],
])('%s is refused', (_what, text) => {
  expect(() => split(text)).toThrow(NotSplittable);
});

test('what is not wanted may be of any size', () => {
  expect(split(`{"other":"${'x'.repeat(3 * 1024 * 1024)}","state":[]}`, 65_536)).toEqual([]);
});

test('bytes that are no UTF-8 are refused', () => {
  const splitter = new JsonListSplitter({ state: 'list' }, () => undefined);
  const bytes = new TextEncoder().encode('{"state":["x"]}');
  bytes[11] = 0xff;
  expect(() => splitter.push(bytes)).toThrow(NotSplittable);
});
