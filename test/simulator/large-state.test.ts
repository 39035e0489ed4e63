import { expect, test } from 'vitest';
import type { EventId, UserId } from '../../src/matrix/ids/brands.ts';
import { readSyncText } from '../../src/room/read/sync-text.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';

const alice = '@alice:one' as UserId;

/** State whose keys and event IDs are as long as any: together they are more than one value of a statement may be. */
function withMuchState(room: RoomRig, count: number): void {
  const { eventId } = room.send({ type: 'org.example.many', sender: alice, stateKey: 'first', content: {} });
  const event = room.store.events.get(eventId);
  if (event === undefined) throw new Error('it was sent');
  room.turn(({ store }) => {
    for (let n = 0; n < count; n += 1) {
      const name = String(n).padStart(250, '-');
      const pdu = { ...event.pdu, eventId: `$${name}` as EventId, stateKey: name };
      store.events.insert({ ...event, pdu, pos: undefined, history: undefined });
      store.state.change(pdu.type, name, pdu.eventId, store.stream.head(), undefined);
    }
  });
}

test('a room with much state is read from its beginning', () => {
  const room = new RoomRig('one');
  room.create('11', alice);
  withMuchState(room, 9_000);
  const query = {
    userId: alice,
    scope: `${alice}/D`,
    from: undefined,
    to: room.say(alice, 'last').pos,
    timelineLimit: 1,
    timelineFilter: {},
    stateFilter: {},
    fullState: false,
    ignoredUsers: [],
  };
  for (const lazyLoadMembers of [false, true]) {
    const told = readSyncText(room.store, { ...query, lazyLoadMembers }, room.now);
    const many = (told?.state ?? []).filter((event) => event.includes('"type":"org.example.many"'));
    expect(many).toHaveLength(9_001);
  }
});
