import { expect, test } from 'vitest';

import type { Pdu } from '../../src/matrix/event/pdu.ts';
import type { ServerName, UserId } from '../../src/matrix/ids/brands.ts';
import { canonicalJson } from '../../src/matrix/json/canonical-json.ts';
import { receive } from '../../src/room/park/receive.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';
import { signPdu } from '../support/simulator/sign-pdu.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:two' as UserId;
const carol = '@carol:three' as UserId;

/** A room with members of three servers, of which the second says most. */
function aRoom(full: number): RoomRig {
  const room = new RoomRig('one', { whole: 1, kept: 1, full });
  room.create('12', alice);
  for (const user of [bob, carol]) {
    const join = signPdu(room, {
      type: 'm.room.member',
      sender: user,
      stateKey: user,
      content: { membership: 'join' },
    });
    expect(room.receive(join, 'two').kind).toBe('accepted');
  }
  for (const body of ['a'.repeat(30_000), 'b'.repeat(30_000)]) {
    expect(room.receive(said(room, bob, body), 'two').kind).toBe('accepted');
  }
  for (let n = 0; n < 5; n += 1) room.say(alice, 'c'.repeat(30_000));
  return room;
}

const said = (room: RoomRig, sender: UserId, body: string): Pdu =>
  signPdu(room, { type: 'm.room.message', sender, content: { body } });

const pushed = (room: RoomRig, pdu: Pdu, origin: string) =>
  room.turn((ctx) =>
    receive(ctx, origin as ServerName, [{ eventId: pdu.eventId, json: canonicalJson(pdu.json) }]).map(
      (verdict) => verdict.kind,
    ),
  );

test('a room that is nearly full refuses the server that fills it, whoever sends its events, and nobody else', () => {
  const room = aRoom(1);
  const refused = said(room, bob, 'more');
  expect(pushed(room, refused, 'two')).toEqual(['refused']);
  expect(pushed(room, refused, 'three')).toEqual(['refused']);
  expect(room.store.events.has(refused.eventId)).toBe(false);
  expect(pushed(room, said(room, carol, 'hello'), 'three')).toEqual(['accepted']);
  expect(room.say(alice, 'hello').eventId).toMatch(/^\$/);
});

test('a room with space refuses nobody', () => {
  const room = aRoom(100_000_000);
  expect(pushed(room, said(room, bob, 'more'), 'two')).toEqual(['accepted']);
});
