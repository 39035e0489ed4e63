import { expect, test } from 'vitest';

import { tellPresence } from '../../../../src/federation/sending/tell-presence.ts';
import type { RoomId, ServerName, UserId } from '../../../../src/matrix/ids/brands.ts';
import { unavailable } from '../../../../src/matrix/error.ts';

const [ALICE, BOB] = ['@alice:ours.test', '@bob:ours.test'] as [UserId, UserId];
const [GOOD, BROKEN] = ['!good:ours.test', '!broken:ours.test'] as [RoomId, RoomId];
const update = (userId: UserId) => ({ userId, presence: 'online' as const, currentlyActive: false });

/** Alice is in the good room, Bob in none that answers. */
function aTeller() {
  const told: string[] = [];
  let [running, most] = [0, 0];
  const call = async <T>(roomId: RoomId, answer: T): Promise<T> => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    if (roomId === BROKEN) throw unavailable('The room does not answer');
    return answer;
  };
  const deps = {
    serverName: 'ours.test' as ServerName,
    rooms: {
      membershipsOf: ({ roomId }: { roomId: RoomId }) => call(roomId, { [ALICE]: 'join' }),
      joinedServers: ({ roomId }: { roomId: RoomId }) => call(roomId, ['theirs.test', 'ours.test'] as ServerName[]),
    },
    destinations: {
      offerEdus: async (server: ServerName) => {
        told.push(server);
      },
    },
    now: () => 1,
  };
  return { deps, told, most: () => most };
}

test('a room that does not answer keeps nobody else from being told of, and says why of whom it does', async () => {
  const { deps, told } = aTeller();
  expect(await tellPresence(deps, [update(ALICE), update(BOB)], [BROKEN, GOOD])).toEqual({
    destinations: 1,
    unspoken: [{ userId: BOB, reason: 'room-unavailable' }],
  });
  expect(told).toEqual(['theirs.test']);
});

test('who is in none of the rooms is told so where all of them answer, of which few are asked at a time', async () => {
  const { deps, most } = aTeller();
  const rooms = Array.from({ length: 40 }, (_, at) => `!${at}:ours.test` as RoomId);
  expect(await tellPresence(deps, [update(BOB)], rooms)).toEqual({
    destinations: 0,
    unspoken: [{ userId: BOB, reason: 'not-in-room' }],
  });
  expect(most()).toBeLessThanOrEqual(6);
});
