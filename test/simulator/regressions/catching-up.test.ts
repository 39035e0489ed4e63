import { expect, test } from 'vitest';

import type { ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import { rangeForDestination, rangeOnceMore } from '../../../src/room/dispatch/range-for-destination.ts';
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

test('what a server did not take is read again as it was, and attaches nobody', () => {
  const room = new RoomRig('one');
  room.create('11', alice);
  acceptJoin(room, bob);
  const { store } = room;
  const from = store.stream.head();
  const said = Array.from({ length: 3 }, (_, n) => room.say(alice, String(n)).eventId);
  const to = store.stream.head();
  room.say(alice, 'later');
  const row = { receiver: 'd:two', fromPos: from, detachedAt: 1 };
  room.turn(() => store.receivers.put(row));
  const query = { server: 'two' as ServerName, epoch: store.meta.epoch(), from, limit: 50 };
  const range = rangeOnceMore(store, query, to, 'one' as ServerName);
  expect({ ids: range.pdus.map(({ eventId }) => eventId), to: range.to }).toEqual({ ids: said, to });
  expect(rangeOnceMore(store, { ...query, limit: 2 }, to, 'one' as ServerName).pdus).toHaveLength(2);
  expect(rangeOnceMore(store, { ...query, epoch: 'other' }, to, 'one' as ServerName).pdus).toEqual([]);
  expect(rangeOnceMore(store, query, from, 'one' as ServerName).pdus).toEqual([]);
  expect(store.receivers.get('d:two')).toEqual(row);
});
