import { expect, test } from 'vitest';

import { stateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId, UserId } from '../../../src/matrix/ids/brands.ts';
import { setCurrentState } from '../../../src/room/decide/set-current-state.ts';
import { readMessages } from '../../../src/room/read/read-messages.ts';
import { readSync } from '../../../src/room/read/read-sync.ts';
import { acceptJoin, joinedRig } from '../../support/simulator/join-rig.ts';
import { RoomRig } from '../../support/simulator/room-rig.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:two' as UserId;
const carol = '@carol:three' as UserId;

test('whose membership goes out of the state and comes back is not shown again what was shown before', () => {
  const room = new RoomRig('one');
  room.create('12', alice);
  const user = '@dave:one' as UserId;
  const join = room.member(user, user, 'join').eventId;
  room.say(user, 'shown before');
  const from = room.store.stream.head();
  const become = (eventId: EventId | undefined) =>
    room.turn((ctx) => {
      const changes = new Map([[stateTuple('m.room.member', user), eventId]]);
      setCurrentState(ctx, { pos: ctx.store.stream.head(), changes });
    });
  become(undefined);
  become(join);
  const after = room.say(user, 'after').eventId;
  const query = {
    userId: user,
    scope: 'd',
    from,
    to: room.store.stream.head(),
    timelineLimit: 10,
    timelineFilter: {},
    stateFilter: {},
    lazyLoadMembers: false,
    fullState: false,
    ignoredUsers: [],
  };
  const shown = readSync(room.store, query, room.now);
  expect(shown?.timeline.map(({ event_id: eventId }) => eventId)).toEqual([after]);
  expect(shown?.limited).toBe(true);
  expect(shown?.state.map(({ event_id: eventId }) => eventId)).toContain(join);
});

test('below an event that came into a hole on top of what is only known as state, the history goes on', () => {
  const one = new RoomRig('one');
  one.create('11', alice);
  acceptJoin(one, carol);
  const said = one.say(alice, 'between two joins');
  const two = joinedRig(one, bob);
  const before = one.store.events.get(said.eventId)?.before;
  const claim = [...one.store.state.allAt(before?.pos ?? 0).values()];
  expect(two.receive(one.pdu(said.eventId), 'one', claim).kind).toBe('accepted');
  const query = { userId: bob, scope: 'd', dir: 'b' as const, from: undefined, to: undefined, limit: 10, filter: {} };
  const page = readMessages(two.store, { ...query, lazyLoadMembers: false }, two.now);
  expect(page.chunk.at(-1)?.event_id).toBe(said.eventId);
  expect(page.holes).toEqual([said.eventId]);
});
