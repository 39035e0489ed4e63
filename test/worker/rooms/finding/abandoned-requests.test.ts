import { expect, test } from 'vitest';

import type { RoomId, ServerName } from '../../../../src/matrix/ids/brands.ts';
import { allow } from '../../../../src/matrix/result.ts';
import type { PublishedRooms, RemoteFinding, RemoteHierarchy } from '../../../../src/rooms/finding/ports.ts';
import { localRooms } from '../../../../src/rooms/finding/published-rooms.ts';
import { remoteSpaces } from '../../../../src/rooms/finding/remote-spaces.ts';

const roomId = '!room:them.test' as RoomId;

/** What a request waits for whose client went away: it never ends. */
const forEver = new Promise<never>(() => {});

/** Never ends the first time. */
function onceAbandoned<T>(answer: T): () => Promise<T> {
  let calls = 0;
  return async () => {
    calls += 1;
    return calls === 1 ? forEver : answer;
  };
}

test('a request for the directory that was given up keeps no other waiting', async () => {
  const published: PublishedRooms = {
    page: async () => [],
    count: async () => 0,
    lacking: async () => [roomId],
    put: async () => {},
  };
  const directory = localRooms({ published, entryOf: onceAbandoned(undefined) });
  const query = {
    limit: undefined,
    since: undefined,
    search: undefined,
    roomTypes: undefined,
    network: undefined,
    allNetworks: false,
  };
  void directory(query);
  expect(await directory(query)).toEqual({ chunk: [], total_room_count_estimate: 0 });
});

test('a request for a space elsewhere that was given up keeps no other waiting', async () => {
  const space: RemoteHierarchy = {
    room: { room_id: roomId, num_joined_members: 1, world_readable: true, guest_can_join: false },
    children_state: [],
    children: [],
    inaccessible_children: [],
  };
  const remote: Pick<RemoteFinding, 'hierarchy'> = { hierarchy: onceAbandoned(allow(space)) };
  const spaces = remoteSpaces({ serverName: 'us.test' as ServerName, remote, now: () => 0 });
  const query = { roomId, servers: ['them.test' as ServerName], suggestedOnly: false };
  void spaces.find(query);
  expect(await spaces.find(query)).toEqual(space);
});
