import { expect, test, vi } from 'vitest';

import type { EventId, ServerName, UserId } from '../../src/matrix/ids/brands.ts';
import { backfillForServer, eventForServer, missingEventsForServer } from '../../src/room/servers/read-for-server.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';
import { signPdu } from '../support/simulator/sign-pdu.ts';

const alice = '@alice:one' as UserId;
const eve = '@eve:two' as UserId;
const two = 'two' as ServerName;

function aRoom(visibility = 'shared'): RoomRig {
  const room = new RoomRig('one');
  room.create('11', alice);
  const content = { history_visibility: visibility };
  room.send({ type: 'm.room.history_visibility', sender: alice, stateKey: '', content });
  return room;
}

function enter(room: RoomRig, userId: UserId, membership = 'join'): EventId {
  const pdu = signPdu(room, { type: 'm.room.member', sender: userId, stateKey: userId, content: { membership } });
  expect(room.receive(pdu, 'two').kind).toBe('accepted');
  return pdu.eventId;
}

const bodyOf = (json: string) => (JSON.parse(json) as { content: { body?: string } }).content.body;

test.each([
  ['shared', 'before'],
  ['world_readable', 'before'],
  ['joined', undefined],
  ['invited', undefined],
])('where the history is %s, a server is given a message from before its join with body %s', (visibility, body) => {
  const room = aRoom(visibility);
  const before = room.say(alice, 'before').eventId;
  enter(room, eve);
  const after = room.say(alice, 'after').eventId;
  expect(bodyOf(eventForServer(room.store, two, before))).toBe(body);
  expect(bodyOf(eventForServer(room.store, two, after))).toBe('after');
  const filled = backfillForServer(room.store, two, [after], 3).map(bodyOf);
  expect(filled).toEqual(['after', undefined, body]);
});

test('what was said while none of its users was there is not given to a server that came back', () => {
  const room = aRoom('joined');
  enter(room, eve);
  enter(room, eve, 'leave');
  const away = room.say(alice, 'away').eventId;
  enter(room, eve);
  expect(bodyOf(eventForServer(room.store, two, away))).toBeUndefined();
});

test('one user of a server who may see an event is enough, and the others are not looked at', () => {
  const room = aRoom();
  for (let index = 0; index < 20; index += 1) {
    const user = `@left${index}:two` as UserId;
    enter(room, user);
    enter(room, user, 'leave');
  }
  room.say(alice, 'one');
  enter(room, eve);
  const last = room.say(alice, 'two').eventId;
  const looked = vi.spyOn(room.store.state, 'memberships');
  expect(backfillForServer(room.store, two, [last], 3).map(bodyOf)).toEqual(['two', undefined, 'one']);
  expect(looked.mock.calls.map(([userId]) => userId)).toEqual([eve]);
});

test('what lies behind a rejected event is found, and the event itself is not given', () => {
  const room = aRoom();
  enter(room, eve);
  room.say(alice, 'good');
  const bad = signPdu(room, { type: 'm.room.name', sender: eve, stateKey: '', content: { name: 'mine' } });
  expect(room.receive(bad, 'two').kind).toBe('rejected');
  const next = signPdu(room, {
    type: 'm.room.message',
    sender: eve,
    content: { body: 'next' },
    prevEvents: [bad.eventId],
  });
  expect(room.receive(next, 'two').kind).toBe('accepted');
  expect(backfillForServer(room.store, two, [next.eventId], 2).map(bodyOf)).toEqual(['next', 'good']);
  const query = { earliest: [], latest: [next.eventId], limit: 1, minDepth: 0 };
  expect(missingEventsForServer(room.store, two, query).map(bodyOf)).toEqual(['good']);
  expect(() => eventForServer(room.store, two, bad.eventId)).toThrow(expect.objectContaining({ status: 404 }));
});
