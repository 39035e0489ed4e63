import { expect, test } from 'vitest';

import { MatrixError } from '../../../../src/matrix/error.ts';
import type { EventId, RoomId, UserId } from '../../../../src/matrix/ids/brands.ts';
import type { DirectoryEntry } from '../../../../src/rooms/finding/ports.ts';
import { localRooms } from '../../../../src/rooms/finding/published-rooms.ts';
import { searchMessages, type MessageSearch, type SearchDeps } from '../../../../src/rooms/finding/search-messages.ts';

const [broken, sound] = ['!broken:us.test', '!sound:us.test'] as [RoomId, RoomId];

function failing(): Promise<never> {
  return Promise.reject(new MatrixError(503, 'M_UNKNOWN', 'The room does not answer'));
}

test('a published room that does not answer keeps no other from being listed, and is asked again', async () => {
  const asked: RoomId[] = [];
  const listed: RoomId[] = [];
  const directory = localRooms({
    published: {
      page: async () => [],
      count: async () => 0,
      lacking: async () => [broken, sound].filter((roomId) => !listed.includes(roomId)),
      put: async ({ roomId }) => void listed.push(roomId),
    },
    entryOf: async (roomId): Promise<DirectoryEntry> => {
      asked.push(roomId);
      if (roomId === broken) return failing();
      return { roomId, pos: 1, joinedMembers: 1, roomType: null, search: '', summary: '{}', details: '{}' };
    },
  });
  const query = {
    limit: undefined,
    since: undefined,
    search: undefined,
    roomTypes: undefined,
    network: undefined,
    allNetworks: false,
  };
  await directory(query);
  expect(listed).toEqual([sound]);
  await directory(query);
  expect(asked).toEqual([broken, sound, broken]);
});

test('a room that cannot fill in what is not found yet keeps nobody from searching the others', async () => {
  const event = {
    event_id: '$hello' as EventId,
    type: 'm.room.message',
    sender: '@alice:us.test' as UserId,
    origin_server_ts: 1,
    content: { body: 'hello' },
  };
  const deps: SearchDeps = {
    candidates: {
      lacking: async () => [broken],
      find: async () => ({
        found: [{ place: { ts: 1, id: 1 }, eventId: event.event_id, roomId: sound, rank: 1 }],
        count: 1,
      }),
    },
    rooms: {
      confirmFound: async () => [{ event }],
      readState: async () => [],
      fillSearch: failing,
    },
    roomsOf: async () => [broken, sound],
  };
  const query: MessageSearch = {
    userId: '@alice:us.test' as UserId,
    scope: '',
    ignoredUsers: [],
    term: 'hello',
    types: ['m.room.message'],
    order: 'recent',
    limit: 10,
    from: undefined,
    senders: undefined,
    notSenders: undefined,
    isIn: () => true,
    filter: {},
    context: undefined,
    groupBy: [],
    includeState: false,
  };
  expect((await searchMessages(deps, query)).results.map(({ roomId }) => roomId)).toEqual([sound]);
});
