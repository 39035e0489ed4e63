import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import type { EventId } from '../../../../src/matrix/ids/brands.ts';
import { projectionRepository } from '../../../../src/storage/d1/projection-repository.ts';
import { roomOfEvent } from '../../../../src/storage/d1/room-of-event.ts';

const { DB } = env as unknown as Env;

test('the room of a projected event is found, of another there is none', async () => {
  const event = { eventId: '$e', roomId: '!r', pos: 1, type: 'm.x', sender: '@a:b', originServerTs: 1 };
  await projectionRepository(DB).write({ roomId: '!r', to: 1, events: [event], memberships: [] }, false);
  expect(await roomOfEvent(DB)('$e' as EventId)).toBe('!r');
  expect(await roomOfEvent(DB)('$other' as EventId)).toBeUndefined();
});
