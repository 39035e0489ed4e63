import { expect, test } from 'vitest';

import { AskedRooms } from '../../../../src/http/federation/asked-rooms.ts';
import type { RoomsForServers } from '../../../../src/http/federation/room-routes-deps.ts';
import { notFound } from '../../../../src/matrix/error.ts';
import type { EventId, RoomId, ServerName } from '../../../../src/matrix/ids/brands.ts';

const peer = 'peer.test' as ServerName;
const room = (index: number) => `!room${index}:us.test` as RoomId;

function asking(backfillForServer: RoomsForServers['backfillForServer']) {
  const asked = new AskedRooms();
  const rooms = asked.noting({ backfillForServer } as RoomsForServers);
  const ask = (index: number) =>
    rooms.backfillForServer({ roomId: room(index), origin: peer, from: ['$e' as EventId], limit: 1 });
  return { asked, ask };
}

test('the rooms that a server was answered about are known, the last one first, and eight at most', async () => {
  const { asked, ask } = asking(async () => []);
  for (const index of [1, 2, 3, 4, 5, 6, 7, 8, 9, 3]) expect(await ask(index)).toEqual([]);
  expect(asked.of(peer)).toEqual([3, 9, 8, 7, 6, 5, 4, 2].map(room));
  expect(asked.of('other.test' as ServerName)).toEqual([]);
});

test('a room that refused to answer is not one of them', async () => {
  const { asked, ask } = asking(async () => {
    throw notFound('none of ours');
  });
  await expect(ask(1)).rejects.toMatchObject({ status: 404 });
  expect(asked.of(peer)).toEqual([]);
});
