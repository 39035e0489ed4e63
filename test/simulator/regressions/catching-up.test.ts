import { expect, test } from 'vitest';

import type { ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import { rangeForDestination } from '../../../src/room/dispatch/range-for-destination.ts';
import { acceptJoin } from '../../support/simulator/join-rig.ts';
import { RoomRig } from '../../support/simulator/room-rig.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:two' as UserId;

test('a server that is more than 700 events behind is given the newest of all, not of those that were counted', () => {
  const room = new RoomRig('one');
  room.create('11', alice);
  acceptJoin(room, bob);
  const from = room.store.stream.head();
  const said = Array.from({ length: 760 }, (_, n) => room.say(alice, String(n)).eventId);
  const query = { server: 'two' as ServerName, epoch: room.store.meta.epoch(), from, limit: 50, newest: true };
  const range = rangeForDestination(room.store, query, 'one' as ServerName);
  expect(range.pdus.map(({ eventId }) => eventId)).toEqual(said.slice(-50));
  expect(range.to).toBe(room.store.stream.head());
});
