import { isIPv4, isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOwnName, parseServerName, splitServerName } from '../../../src/matrix/ids/server-name.ts';
import names from '../../fixtures/ids/server-names.json';

describe('a server name', () => {
  test.each(names.valid)('may be %j', (text) => {
    expect(parseServerName(text)).toEqual({ ok: true, value: text });
  });

  test.each(names.invalid)('is not %j', (text) => {
    expect(parseServerName(text).ok).toBe(false);
  });

  test('has at most 255 characters before the port', () => {
    expect(parseServerName(`${'a'.repeat(255)}:8448`).ok).toBe(true);
    expect(parseServerName('a'.repeat(256)).ok).toBe(false);
  });

  test.each([
    ['example.org', 'example.org', undefined, 'dns'],
    ['hs1:8448', 'hs1', 8448, 'dns'],
    ['1.2.3.4.5', '1.2.3.4.5', undefined, 'dns'],
    ['1.2.3.4', '1.2.3.4', undefined, 'ipv4'],
    ['1.2.3.4:443', '1.2.3.4', 443, 'ipv4'],
    ['[::1]', '[::1]', undefined, 'ipv6'],
    ['[::1]:8448', '[::1]', 8448, 'ipv6'],
  ])('%s is taken apart', (text, host, port, kind) => {
    const name = parseServerName(text);
    expect(name.ok && splitServerName(name.value)).toEqual({ host, port, kind });
  });

  test('in brackets is whatever Node takes for an IPv6 address', () => {
    const part = fc.constantFrom(
      ':',
      '::',
      '0',
      '1',
      'ff',
      'ABCD',
      '12345',
      '.',
      '1.2.3.4',
      '01.2.3.4',
      '1.2.3.256',
      '1.2.3',
    );
    const address = fc.oneof(
      fc.ipV6(),
      fc.array(part, { minLength: 1, maxLength: 16 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(address, (text) => {
        expect(parseServerName(`[${text}]`).ok).toBe(text.length <= 45 && isIPv6(text));
      }),
      { numRuns: 3000 },
    );
  });

  test('of four numbers is whatever Node takes for an IPv4 address', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(400), { minLength: 4, maxLength: 4 }), (numbers) => {
        const text = numbers.join('.');
        expect(parseServerName(text).ok).toBe(isIPv4(text));
      }),
    );
  });
});

test.each<[string, boolean]>([
  ['example.org', true],
  ['localhost:8448', true],
  ['a-b.1.example.org', true],
  ['Example.org', false],
  ['192.0.2.1', false],
  ['[2001:db8::1]', false],
  ['192.0.2', false],
  ['example.org.', false],
  ['a..b', false],
  ['-a.org', false],
  [`${'a'.repeat(63)}.`.repeat(3) + 'a'.repeat(38), true],
  [`${'a'.repeat(63)}.`.repeat(3) + 'a'.repeat(39), false],
])('a server of ours may be called %s: %s', (text, may) => {
  const parsed = parseServerName(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(isOwnName(parsed.value)).toBe(may);
});
