import { expect, test } from 'vitest';

import { aClient, idsOf } from '../../../support/worker/client.ts';

test('a room of large state is told whole, whatever characters are in it', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create({ preset: 'public_chat', name: 'Caf\u00e9 \u{1f600}' });
  const keys = Array.from({ length: 300 }, (_, n) => `key${n}`);
  for (const key of keys) {
    const { status } = await alice.inRoom('PUT', roomId, `state/org.example.large/${key}`, {
      text: 'x'.repeat(60_000),
    });
    expect(status).toBe(200);
  }
  const eventId = await alice.say(roomId, 'last');
  const { rooms } = await alice.syncUntil(
    (body) => idsOf(body.rooms?.join?.[roomId]?.timeline.events).includes(eventId),
    {
      filter: { room: { timeline: { limit: 1 } } },
    },
  );
  const { events = [] } = rooms?.join?.[roomId]?.state ?? {};
  expect(events.filter(({ type }) => type === 'org.example.large')).toHaveLength(keys.length);
});
