import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { canonicalJson, isCanonical } from '../../../src/matrix/json/canonical-json.ts';
import { SourceNumber } from '../../../src/matrix/json/json-value.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { parseJson } from '../../../src/matrix/json/strict-json.ts';

const nested = (depth: number, inner = '1') => `${'['.repeat(depth)}${inner}${']'.repeat(depth)}`;

describe('numbers', () => {
  test.each(['1.0', '0.5', '-0', '-0.0', '1e3', '1E3', '-1e-3', '0e0', '9007199254740992', '123456789012345678901'])(
    '%s keeps its source text wherever it stands',
    (source) => {
      const kept = new SourceNumber(source);
      for (const [text, value] of [
        [` ${source}`, kept],
        [`[${source}]`, [kept]],
        [`[1,${source}]`, [1, kept]],
        [`{"a":${source}}`, { a: kept }],
        [`{"a": [\n${source}]}`, { a: [kept] }],
      ] as const) {
        expect(parseJson(text)).toEqual({ ok: true, value });
      }
      expect(parseJson(source)).toEqual({ ok: true, value: new SourceNumber(source) });
    },
  );

  test.each(['0', '-1', '1700000000000', '9007199254740991', '-9007199254740991'])('%s is a number', (source) => {
    expect(parseJson(`{"a":${source}}`)).toEqual({ ok: true, value: { a: Number(source) } });
  });

  test('in strings are text', () => {
    const text = '{"a":"1.0 [1e3, -0, 9007199254740993]"}';
    expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });
});

describe('depth', () => {
  test('may be 1,000, or what is asked for', () => {
    expect(parseJson(nested(1_000)).ok).toBe(true);
    expect(parseJson(nested(1_001))).toEqual({ ok: false, reason: 'too-deep' });
    expect(parseJson(`{"a":${nested(1_000)}}`)).toEqual({ ok: false, reason: 'too-deep' });
    expect(parseJson(nested(128), 128).ok).toBe(true);
    expect(parseJson(nested(129), 128)).toEqual({ ok: false, reason: 'too-deep' });
    expect(parseJson(nested(30_000))).toEqual({ ok: false, reason: 'too-deep' });
    expect(parseJson(nested(30_000, '1.0'))).toEqual({ ok: false, reason: 'too-deep' });
    expect(parseJson(nested(1_000, '1.0')).ok).toBe(true);
  });

  test('up to it, canonical JSON can be told and written', () => {
    for (const level of ['[', '{"a":', '{"b":1,"a":', '{"\u{1F600}":1,"a":']) {
      const text = `${level.repeat(1_000)}1${(level === '[' ? ']' : '}').repeat(1_000)}`;
      const parsed = parseJson(text);
      if (!parsed.ok) throw new Error(parsed.reason);
      expect(isCanonical(parsed.value).ok).toBe(true);
      expect(canonicalJson(parsed.value)).toHaveLength(text.length);
    }
  });

  test('does not count brackets in strings', () => {
    for (const text of [
      '['.repeat(5_000),
      '{'.repeat(5_000),
      '\\"['.repeat(5_000),
      '\\\\',
      `\\\\\\"${'['.repeat(500)}`,
    ]) {
      expect(parseJson(JSON.stringify([text, text]))).toEqual({ ok: true, value: [text, text] });
    }
  });

  test('is not hidden by closing brackets in strings', () => {
    const level = `["]]]",`;
    expect(parseJson(`${level.repeat(200)}1${']'.repeat(200)}`, 128)).toEqual({ ok: false, reason: 'too-deep' });
  });
});

describe('keys', () => {
  test('are data: __proto__ is one like any other, and changes nothing else', () => {
    for (const text of ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1.0}}']) {
      const parsed = parseJson(text);
      const value = (parsed.ok ? parsed.value : undefined) as JsonObject;
      expect(Object.keys(value)).toEqual(['__proto__']);
      expect(Object.hasOwn(value, 'a') || 'a' in value).toBe(false);
      expect(canonicalJson({ ...value })).toBe(text);
    }
  });

  test('that are repeated have their last value', () => {
    expect(parseJson('{"a":1,"a":{"b":2},"a":3}')).toEqual({ ok: true, value: { a: 3 } });
    expect(parseJson('{"a":1.0,"a":2}')).toEqual({ ok: true, value: { a: 2 } });
    expect(parseJson('{"a":2,"a":1.0}')).toEqual({ ok: true, value: { a: new SourceNumber('1.0') } });
    expect(parseJson('{"a":{"b":1.0},"a":[2.0]}')).toEqual({ ok: true, value: { a: [new SourceNumber('2.0')] } });
  });
});

test('half a surrogate pair is kept', () => {
  expect(parseJson('["\\ud800"]')).toEqual({ ok: true, value: ['\ud800'] });
});

test('what is not JSON is refused', () => {
  for (const text of [
    '',
    '{',
    '[1,]',
    "{'a':1}",
    '01',
    '+1',
    'NaN',
    'undefined',
    '{"a":1}x',
    '"\u0001"',
    '\ufeff{}',
    '"1.0',
    '[1.0',
  ]) {
    expect(parseJson(text)).toEqual({ ok: false, reason: 'not-json' });
  }
});

test('gives what JSON.parse gives for JSON that JavaScript writes', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const parsed = parseJson(text);
      const numbersAsText = (_key: string, value: unknown) => (typeof value === 'number' ? `number ${value}` : value);
      const seen = JSON.stringify(parsed.ok && parsed.value, (_key, value: unknown) =>
        value instanceof SourceNumber ? Number(value.source) : value,
      );
      expect(JSON.parse(seen, numbersAsText)).toEqual(JSON.parse(text, numbersAsText));
    }),
  );
});
