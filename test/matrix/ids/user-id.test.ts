import { describe, expect, test } from 'vitest';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import {
  isValidNewLocalpart,
  makeUserId,
  parseUserId,
  userIdLocalpart,
  userIdServer,
} from '../../../src/matrix/ids/user-id.ts';
import ids from '../../fixtures/ids/user-ids.json';

const server = 'example.org' as ServerName;

describe('a user ID', () => {
  test.each(ids.valid)('may be %j', (text) => {
    expect(parseUserId(text)).toEqual({ ok: true, value: text });
  });

  test.each([...ids.invalid, '@al\ud800ice:example.org', '@al\udc00ice:example.org'])('is not %j', (text) => {
    expect(parseUserId(text).ok).toBe(false);
  });

  test('has at most 255 bytes, not characters, with its sigil and domain', () => {
    const sized = (letter: string, count: number) => parseUserId(`@${letter.repeat(count)}:${server}`).ok;
    expect(sized('a', 242)).toBe(true);
    expect(sized('a', 243)).toBe(false);
    expect(sized('é', 121)).toBe(true);
    expect(sized('é', 122)).toBe(false);
    expect(sized('😀', 60)).toBe(true);
    expect(sized('😀', 61)).toBe(false);
  });

  test.each([
    ['@alice:example.org', 'alice', 'example.org'],
    ['@:hs1', '', 'hs1'],
    ['@a:[::1]:8448', 'a', '[::1]:8448'],
  ])('%s is taken apart at its first colon', (text, localpart, name) => {
    const id = parseUserId(text);
    expect(id.ok && [userIdLocalpart(id.value), userIdServer(id.value)]).toEqual([localpart, name]);
  });

  test('is made of a local part and a server', () => {
    expect(makeUserId('alice', server)).toEqual({ ok: true, value: '@alice:example.org' });
    expect(makeUserId('alice:1', 'example.org' as ServerName).ok).toBe(false);
    expect(makeUserId('a:b', '1' as ServerName).ok).toBe(false);
    expect(makeUserId('a'.repeat(250), server).ok).toBe(false);
  });
});

describe('the local part of a new user', () => {
  test.each(['alice', '0', 'a.b_c=d-e/f+g', '_', 'a'.repeat(300)])('may be %s', (localpart) => {
    expect(isValidNewLocalpart(localpart)).toBe(true);
  });

  test.each(['', 'Alice', 'a b', 'a:b', 'á', 'a\n', 'a@b', 'a*', 'a~'])('may not be %j', (localpart) => {
    expect(isValidNewLocalpart(localpart)).toBe(false);
  });
});
