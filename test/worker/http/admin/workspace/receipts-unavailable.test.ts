import type { MiddlewareHandler } from 'hono';
import { expect, test } from 'vitest';

import { postReceipts } from '../../../../../src/http/admin/workspace/post-receipts.ts';
import type { WorkspaceDeps } from '../../../../../src/http/admin/workspace/workspace-deps.ts';
import { unavailable } from '../../../../../src/matrix/error.ts';
import type { RoomId } from '../../../../../src/matrix/ids/brands.ts';
import type { LatestReceipt } from '../../../../../src/room/receipts/put-latest-receipt.ts';

const USER = '@reader:ours.test';

/** Receipts of one user in rooms, of which those named broken do not answer. */
function anApp() {
  let [running, most] = [0, 0];
  const letIn: MiddlewareHandler = async (c, next) => {
    c.set('reach', { hasUser: () => true, hasRoom: () => true });
    c.set('requester', { userId: USER });
    await next();
  };
  const deps = {
    requireWorkspace: [letIn],
    registry: { has: async () => true },
    shardOf: async () => 'one',
    standing: async () => ({ hasDevice: false }),
    rooms: {
      latestReceipts: async ({ roomId, receipts }: { roomId: RoomId; receipts: readonly LatestReceipt[] }) => {
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        running -= 1;
        if (roomId.includes('broken')) throw unavailable('The room does not answer');
        return receipts.map(({ eventIds }) => ({ eventId: eventIds[0] }));
      },
    },
    now: () => 1,
  } as unknown as WorkspaceDeps;
  const post = async (roomIds: readonly string[]) => {
    const receipts = roomIds.map((roomId) => ({ room_id: roomId, user_id: USER, event_ids: ['$event'] }));
    const body = JSON.stringify({ receipts });
    const answer = await postReceipts(deps).request('/_eyrie/admin/v1/receipts', { method: 'POST', body });
    return { status: answer.status, ...(await answer.json<{ results: unknown }>()) };
  };
  return { post, most: () => most };
}

test('a room that does not answer is named with its receipts; those of other rooms stand', async () => {
  const { post } = anApp();
  expect(await post(['!one:ours.test', '!broken:ours.test', '!two:ours.test'])).toEqual({
    status: 200,
    results: [
      { room_id: '!one:ours.test', user_id: USER, event_id: '$event' },
      { room_id: '!broken:ours.test', user_id: USER, reason: 'room-unavailable' },
      { room_id: '!two:ours.test', user_id: USER, event_id: '$event' },
    ],
  });
});

test('of very many rooms a few are called at a time', async () => {
  const { post, most } = anApp();
  expect((await post(Array.from({ length: 50 }, (_, at) => `!${at}:ours.test`))).status).toBe(200);
  expect(most()).toBeGreaterThan(1);
  expect(most()).toBeLessThanOrEqual(6);
});
