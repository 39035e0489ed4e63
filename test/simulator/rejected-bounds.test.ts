import { expect, test } from 'vitest';

import type { Pdu } from '../../src/matrix/event/pdu.ts';
import type { EventId, UserId } from '../../src/matrix/ids/brands.ts';
import { rejudgeFollowers } from '../../src/room/decide/rejudge.ts';
import { listRejected } from '../../src/room/park/list.ts';
import type { StoredEvent } from '../../src/room/store.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';
import { signPdu } from '../support/simulator/sign-pdu.ts';

const alice = '@alice:one' as UserId;
const mallory = '@mallory:two' as UserId;
const trudy = '@trudy:three' as UserId;

/** A room that keeps little of what it rejects. */
function aRoom(): RoomRig {
  const room = new RoomRig('one', { whole: 2, kept: 5, full: Infinity });
  room.create('12', alice);
  return room;
}

/** What somebody says who is not in the room. */
const shout = (room: RoomRig, sender: UserId, body: string): Pdu =>
  signPdu(room, { type: 'm.room.message', sender, content: { body } });

function reject(room: RoomRig, sender: UserId, count: number): readonly Pdu[] {
  return Array.from({ length: count }, (_, n) => {
    const pdu = shout(room, sender, `${sender} ${n}`);
    expect(room.receive(pdu, 'two').kind).toBe('rejected');
    return pdu;
  });
}

const kept = (room: RoomRig, pdus: readonly Pdu[]) =>
  pdus.map(({ eventId }) => {
    const event = room.store.events.get(eventId);
    if (event === undefined) return 'forgotten';
    return event.pdu.json['signatures'] === undefined ? 'cut down' : 'whole';
  });

test('of each server the newest rejected events are kept whole, older ones cut down, the oldest forgotten', () => {
  const room = aRoom();
  const [others, shouts] = [reject(room, trudy, 2), reject(room, mallory, 7)];
  for (const each of [room, reread(room)]) {
    expect(kept(each, shouts)).toEqual([
      'forgotten',
      'forgotten',
      'cut down',
      'cut down',
      'cut down',
      'whole',
      'whole',
    ]);
    expect(kept(each, others)).toEqual(['whole', 'whole']);
  }
  const rows = room.storage.sql.exec('select count(*) as n from event_edges e where event_id = ?', shouts[0]?.eventId);
  expect(rows.toArray()).toEqual([{ n: 0 }]);
});

test('an administrator still sees who sent what was cut down, and why it was rejected', () => {
  const room = aRoom();
  const [first] = reject(room, mallory, 3);
  const listed = listRejected(room.store, { offset: 0, limit: 10 });
  expect(listed.find(({ eventId }) => eventId === first?.eventId)).toMatchObject({
    type: 'm.room.message',
    sender: mallory,
    status: 'rejected',
    reason: expect.stringContaining('6'),
  });
});

test('what was forgotten or cut down is judged as new when it comes again', () => {
  const room = aRoom();
  const shouts = reject(room, mallory, 7);
  for (const [at, pdu] of shouts.slice(0, 4).entries()) {
    expect([at, room.receive(pdu, 'two').kind]).toEqual([at, 'rejected']);
    expect(kept(room, [pdu])).toEqual(['whole']);
  }
});

test('what is cut down is not un-rejected: nobody knows any more what it said', () => {
  const room = aRoom();
  const join = signPdu(room, {
    type: 'm.room.member',
    sender: mallory,
    stateKey: mallory,
    content: { membership: 'join' },
  });
  expect(room.receive(join, 'two').kind).toBe('accepted');
  const levels = room.pdu(room.store.state.at('m.room.power_levels', '', room.store.stream.head()) as EventId);
  const setStatus = (status: 'accepted' | 'rejected') =>
    room.turn(({ store }) => store.events.update({ ...stored(room, levels), status }));
  setStatus('rejected');
  const said = reject(room, mallory, 3).toReversed();
  setStatus('accepted');
  room.turn((ctx) => rejudgeFollowers(ctx, levels.eventId, 'verdict'));
  expect(said.map((pdu) => stored(room, pdu).status)).toEqual(['accepted', 'accepted', 'rejected']);
});

test('what is accepted after all does not count as rejected any more', () => {
  const room = aRoom();
  const [shouted] = reject(room, mallory, 1);
  const event = stored(room, shouted as Pdu);
  room.turn(({ store }) => store.events.update({ ...event, status: 'accepted', reason: undefined }));
  reject(room, mallory, 7);
  expect(kept(room, [shouted as Pdu])).toEqual(['whole']);
});

function stored(room: RoomRig, { eventId }: Pdu): StoredEvent {
  const event = room.store.events.get(eventId);
  if (event === undefined) throw new Error('not kept');
  return event;
}

/** The same room as after a restart. */
function reread(room: RoomRig): RoomRig {
  room.store.forget();
  return room;
}
