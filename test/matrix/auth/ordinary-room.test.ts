import { describe, expect, test } from 'vitest';
import { authEventTuples } from '../../../src/matrix/auth/auth-types.ts';
import { checkAuthEvents } from '../../../src/matrix/auth/check-auth-events.ts';
import { checkAuth } from '../../../src/matrix/auth/check-auth.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { allow } from '../../../src/matrix/result.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { aRoom } from '../../support/core/a-room.ts';
import type { RoomBuilder } from '../../support/core/a-room.ts';
import { alice, bob, carol, eve } from '../../support/core/a-user.ts';

/** One step of the room's life: the event that comes next. */
type Step = (room: RoomBuilder) => Pdu;

const steps: readonly Step[] = [
  (room) => room.memberEvent(alice, bob, 'invite'),
  (room) => room.joinOf(bob),
  (room) => room.messageOf(bob),
  (room) => room.event({ type: 'm.room.join_rules', sender: alice, stateKey: '', content: { join_rule: 'public' } }),
  (room) => room.joinOf(eve),
  (room) => room.joinOf(eve, { displayname: 'Eve' }),
  (room) =>
    room.powerLevelsBy(alice, {
      users: room.rules.creatorsArePrivileged ? { [bob]: 50 } : { [alice]: 100, [bob]: 50 },
    }),
  (room) => room.event({ type: 'm.room.topic', sender: bob, stateKey: '', content: { topic: 'nests' } }),
  (room) => room.memberEvent(bob, eve, 'leave'),
  (room) => room.memberEvent(bob, eve, 'ban'),
  (room) => room.memberEvent(bob, eve, 'leave'),
  (room) => room.memberEvent(bob, carol, 'invite'),
  (room) => room.memberEvent(carol, carol, 'leave'),
  (room) => room.memberEvent(alice, alice, 'leave'),
];

/** The room before each of its events, and the event. */
function historyOf(version: string): readonly { before: RoomBuilder; event: Pdu }[] {
  let room = aRoom({ version });
  const history = room.events.map((event, index) => ({ before: room.at(index), event }));
  for (const step of steps) {
    const event = step(room);
    history.push({ before: room, event });
    room = room.with(event);
  }
  return history;
}

describe.each(supportedRoomVersions)('an ordinary room of version %s', (version) => {
  const history = historyOf(version);

  test('each event is allowed by the state before it', () => {
    for (const { before, event } of history) {
      expect([event, checkAuth(before.rules, event, before.state)]).toEqual([event, allow(undefined)]);
    }
  });

  test('each event names the auth events that it should, and they allow it', () => {
    for (const { before, event } of history) {
      const authEvents = before.authEventsOf(event);
      const state = (type: string, stateKey: string) =>
        type === 'm.room.create'
          ? before.create
          : authEvents.find((candidate) => candidate.type === type && candidate.stateKey === stateKey);
      expect(checkAuth(before.rules, event, state)).toEqual(allow(undefined));
      expect(checkAuthEvents(before.rules, event, authEvents, () => false, before.create)).toEqual(allow(undefined));
    }
  });

  test('the rules read the keys of the auth events selection, the create event and nothing else', () => {
    for (const { before, event } of history) {
      const read = new Set<string>();
      checkAuth(before.rules, event, (type, stateKey) => {
        read.add(`${type}|${stateKey}`);
        return before.state(type, stateKey);
      });
      const selected = authEventTuples(before.rules, event).map((tuple) => tuple.join('|'));
      expect([...selected, 'm.room.create|']).toEqual(expect.arrayContaining([...read]));
    }
  });
});
