import { describe, expect, test } from 'vitest';
import { redactionApplies } from '../../../src/matrix/auth/redaction-applies.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { aRoom } from '../../support/core/a-room.ts';
import type { RoomBuilder } from '../../support/core/a-room.ts';
import { alice, aUser, bob, eve } from '../../support/core/a-user.ts';

const mallory = aUser('mallory', 'two.test');

function applies(room: RoomBuilder, sender: UserId, author: UserId, redacts?: EventId): boolean {
  const target = room.messageOf(author);
  const after = room.with(target);
  const redaction = after.event({ type: 'm.room.redaction', sender, redacts: redacts ?? target.eventId });
  return redactionApplies(room.rules, redaction, target, after.state);
}

describe.each(supportedRoomVersions)('in version %s', (version) => {
  const room = aRoom({ version })
    .withJoined(bob, eve)
    .withUserLevels({ [bob]: 30 }, { redact: 30 });
  // Versions 1 and 2 ask their authorization rules, so a redaction that was accepted always applies.
  const laterOnly = version === '1' || version === '2';

  test('the redact level redacts the events of others', () => {
    expect(applies(room, alice, eve)).toBe(true);
    expect(applies(room, bob, eve)).toBe(true);
  });

  test('everybody redacts the own events', () => {
    expect(applies(room, eve, eve)).toBe(true);
  });

  test('users of the same server redact each other’s events', () => {
    expect(applies(room.withJoined(mallory), mallory, eve)).toBe(true);
  });

  test('a redaction of an event of another server below the redact level does not apply', () => {
    expect(applies(room, eve, alice)).toBe(laterOnly);
    expect(applies(room.withUserLevels({ [eve]: 29 }, { redact: 30 }), eve, alice)).toBe(laterOnly);
  });

  test('the redact level is 50 without power levels', () => {
    const plain = aRoom({ version, powerLevels: null }).withJoined(eve);
    expect(applies(plain, eve, alice)).toBe(laterOnly);
    expect(applies(plain, alice, eve)).toBe(true);
  });

  test('a redaction never applies to another event than the one it names', () => {
    expect(applies(room, alice, alice, '$another:one.test' as EventId)).toBe(false);
  });

  test('a redaction never applies to an event of another room', () => {
    const target = room.messageOf(alice);
    const redaction = room.event({
      type: 'm.room.redaction',
      sender: alice,
      redacts: target.eventId,
      roomId: '!elsewhere:one.test' as RoomId,
    });
    expect(redactionApplies(room.rules, redaction, target, room.state)).toBe(false);
  });
});
