import { describe, expect, test } from 'vitest';
import { parseRoomAlias, roomAliasServer } from '../../../src/matrix/ids/room-alias.ts';

describe('a room alias', () => {
  test.each([
    ['#room:example.org', 'example.org'],
    ['#room:localhost:8448', 'localhost:8448'],
    ['##a b😀:hs1', 'hs1'],
  ])('may be %j', (text, server) => {
    const alias = parseRoomAlias(text);
    expect(alias).toEqual({ ok: true, value: text });
    expect(alias.ok && roomAliasServer(alias.value)).toBe(server);
  });

  test.each(['', '#', '#room', 'room:example.org', '!room:example.org', '#room:', '#a\u0000:b', '#a\udfff:b'])(
    'is not %j',
    (text) => {
      expect(parseRoomAlias(text).ok).toBe(false);
    },
  );

  test('has at most 255 bytes', () => {
    expect(parseRoomAlias(`#${'é'.repeat(126)}:b`).ok).toBe(true);
    expect(parseRoomAlias(`#${'é'.repeat(127)}:b`).ok).toBe(false);
  });
});
