import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { canonicalJson, canonicalJsonBytes, isCanonical } from '../../../src/matrix/json/canonical-json.ts';
import { SourceNumber } from '../../../src/matrix/json/json-value.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';
import { parseJson } from '../../../src/matrix/json/strict-json.ts';
import { literalCanonicalJson } from '../../support/core/literal-hashes.ts';

// Appendices, "Canonical JSON", "Examples": the text as given and the canonical form of it.
const examples: readonly [string, string][] = [
  ['{}', '{}'],
  ['{"one": 1, "two": "Two"}', '{"one":1,"two":"Two"}'],
  ['{"b": "2", "a": "1"}', '{"a":"1","b":"2"}'],
  ['{"b":"2","a":"1"}', '{"a":"1","b":"2"}'],
  [
    `{"auth": {"success": true, "mxid": "@john.doe:example.com", "profile": {"display_name": "John Doe",
      "three_pids": [{"medium": "email", "address": "john.doe@example.org"}, {"medium": "msisdn", "address": "123456789"}]}}}`,
    '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":' +
      '"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},"success":true}}',
  ],
  ['{"a": "日本語"}', '{"a":"日本語"}'],
  ['{"本": 2, "日": 1}', '{"日":1,"本":2}'],
  ['{"a": "\\u65E5"}', '{"a":"日"}'],
  ['{"a": null}', '{"a":null}'],
  ['{"a": -0, "b": 1e10}', '{"a":0,"b":10000000000}'],
];

const keys = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.string({ maxLength: 2 }),
  fc.constantFrom('1', '10', '2', 'a', 'b'),
);
const canonicalValues = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
  ),
})).value;

describe('canonical JSON', () => {
  test.each(examples)("of the specification's example %s", (given, canonical) => {
    const parsed = parseJson(given);
    expect(parsed.ok && canonicalJson(parsed.value)).toBe(canonical);
  });

  test.each([
    ['{"10":1,"9":2}', '{"10":1,"9":2}'],
    ['{"b":1,"10":1,"9":2,"-":0}', '{"-":0,"10":1,"9":2,"b":1}'],
    ['{"\u{10000}":1,"\uE000":2}', '{"\uE000":2,"\u{10000}":1}'],
    ['{"\uE000":2,"\u{10000}":1}', '{"\uE000":2,"\u{10000}":1}'],
    ['{"\u{10000}":1,"\\ud800":2,"\\udfff":3}', '{"\\ud800":2,"\\udfff":3,"\u{10000}":1}'],
    ['{"\\uffff":1,"\\ud800":2}', '{"\\ud800":2,"\uffff":1}'],
    ['{"a":"\u{1F600}","b":{"c":"\u{1F600}"}}', '{"a":"\u{1F600}","b":{"c":"\u{1F600}"}}'],
    ['{"a":[{"\uE000":1,"\u{10000}":2,"a":3}]}', '{"a":[{"a":3,"\uE000":1,"\u{10000}":2}]}'],
    ['{"a":"\\u000A\\u001f\\u007f\\"\\\\\\/"}', '{"a":"\\n\\u001f\u007f\\"\\\\/"}'],
    ['[{"b":1,"a":[{"d":1,"c":2}]}]', '[{"a":[{"c":2,"d":1}],"b":1}]'],
    ['{"__proto__":1,"constructor":2}', '{"__proto__":1,"constructor":2}'],
  ])('of %s', (given, canonical) => {
    expect(canonicalJson(JSON.parse(given) as JsonValue)).toBe(canonical);
  });

  test('leaves out keys without a value and keeps the source of odd numbers', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
    const odd = ['1.0', '0.5', '1e-3', '9007199254740993', '-0.0', '1e+16'];
    expect(canonicalJson(odd.map((source) => new SourceNumber(source)))).toBe(`[${odd.join(',')}]`);
  });

  test('is parsed to what it was made of', () => {
    fc.assert(
      fc.property(canonicalValues, (value) => {
        expect(isCanonical(value).ok).toBe(true);
        expect(parseJson(canonicalJson(value))).toEqual({ ok: true, value });
        expect(canonicalJsonBytes(value).toString()).toBe(canonicalJson(value));
      }),
    );
  });

  test('is what the specification says, read literally, however the keys are ordered', () => {
    fc.assert(
      fc.property(canonicalValues, (value) => {
        const literal = literalCanonicalJson(value);
        expect(canonicalJson(value)).toBe(literal);
        expect(canonicalJson(JSON.parse(literal) as JsonObject)).toBe(literal);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a value of canonical JSON', () => {
  test.each(['{}', '[]', 'null', 'true', '""', '0', '-1', '9007199254740991', '-9007199254740991', '{"😀":["日"]}'])(
    'may be %s',
    (text) => {
      const parsed = parseJson(`{"a":[${text}]}`);
      expect(parsed.ok && isCanonical(parsed.value).ok).toBe(true);
    },
  );

  test.each([
    '1.0',
    '0.5',
    '1e3',
    '-0',
    '-0.0',
    '0e0',
    '9007199254740992',
    '-9007199254740992',
    '123456789012345678901234567890',
    '1e400',
    '"\\ud800"',
    '"a\\udc00b"',
    '{"\\ud83d":1}',
  ])('is not %s, wherever it stands', (inner) => {
    for (const text of [inner, `[${inner}]`, `{"a":${inner}}`, `{"a":[{"b":[1,${inner}]}]}`]) {
      const parsed = parseJson(text);
      expect(parsed.ok && !isCanonical(parsed.value).ok).toBe(true);
    }
  });

  test('is not a number that no JSON gives', () => {
    for (const number of [-0, 0.5, 2 ** 53, NaN, Infinity]) expect(isCanonical({ a: number }).ok).toBe(false);
  });
});
