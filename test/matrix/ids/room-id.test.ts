import { describe, expect, test } from 'vitest';
import { parseRoomId, roomIdServer } from '../../../src/matrix/ids/room-id.ts';

const hash = `!${'aB3_-'.repeat(8)}xyz`;

describe('a room ID', () => {
  test.each([
    ['!abc:example.org', 'example.org'],
    ['!abc:localhost:8448', 'localhost:8448'],
    ['!abc:[::1]:8448', '[::1]:8448'],
    ['!a b\n😀:example.org', 'example.org'],
    [hash, undefined],
  ])('may be %j', (text, server) => {
    const id = parseRoomId(text);
    expect(id).toEqual({ ok: true, value: text });
    expect(id.ok && roomIdServer(id.value)).toBe(server);
  });

  test.each(['', '!', 'abc:example.org', '#abc:example.org', '!abc:', '!abc:exa mple', '!a\u0000:b', '!a\ud800:b'])(
    'is not %j',
    (text) => {
      expect(parseRoomId(text).ok).toBe(false);
    },
  );

  test('has at most 255 bytes', () => {
    expect(parseRoomId(`!${'é'.repeat(126)}:b`).ok).toBe(true);
    expect(parseRoomId(`!${'é'.repeat(127)}:b`).ok).toBe(false);
  });
});
