import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, expect, test, vi } from 'vitest';

import { objectStubs } from '../../../../src/durable/objects.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { aSharedRoom, bindings, config, rooms } from '../../../support/worker/a-shared-room.ts';

const peer = aServer('forks.peer.example:443');

afterEach(() => vi.restoreAllMocks());

test('ends of the graph that pile up are joined, also where no local user says anything', async () => {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(aKeyAnswer(peer)));
  const room = await aSharedRoom(peer);
  const forks = Array.from({ length: 45 }, (_, at) => room.anEvent({ content: { body: `${at}`, msgtype: 'm.text' } }));
  expect((await room.push(...forks.map(({ json }) => json))).status).toBe(200);
  const { roomId } = room;
  expect((await rooms.frontier({ roomId })).extremities).toHaveLength(45);
  const stub = objectStubs(bindings, config).room(roomId);
  await runInDurableObject(stub, (_room, { storage }) => {
    storage.sql.exec(`update duties set at = 1 where kind = 'extremities'`);
  });
  await runDurableObjectAlarm(stub);
  const { extremities } = await rooms.frontier({ roomId });
  expect(extremities.length).toBeLessThanOrEqual(10);
  // Other servers get what joins them as any event of ours.
  const event = await rooms.readEvent({
    roomId,
    userId: room.alice,
    scope: 'test',
    eventId: extremities[0] ?? room.create.eventId,
  });
  expect(event).toMatchObject({ sender: room.alice, content: {} });
});
