import { describe, expect, test } from 'vitest';
import { eventIdServer, parseEventId } from '../../../src/matrix/ids/event-id.ts';

describe('an event ID', () => {
  test.each([
    ['$1234:example.org', 'example.org'],
    ['$1234:localhost:8448', 'localhost:8448'],
    ['$acR1l0raoZnm60CBwAVgqbZqoO/mYU81xysh1u7XcJk', undefined],
    ['$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg', undefined],
  ])('may be %s', (text, server) => {
    const id = parseEventId(text);
    expect(id).toEqual({ ok: true, value: text });
    expect(id.ok && eventIdServer(id.value)).toBe(server);
  });

  test.each(['', '$', '1234:example.org', '!1234:example.org', '$a\u0000:b', '$a\ud800'])('is not %j', (text) => {
    expect(parseEventId(text).ok).toBe(false);
  });

  test('has at most 255 bytes', () => {
    expect(parseEventId(`$${'é'.repeat(127)}`).ok).toBe(true);
    expect(parseEventId(`$${'é'.repeat(128)}`).ok).toBe(false);
  });
});
