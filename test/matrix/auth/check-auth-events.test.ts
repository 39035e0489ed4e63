import { describe, expect, test } from 'vitest';
import { checkAuthEvents } from '../../../src/matrix/auth/check-auth-events.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import type { EventId, RoomId } from '../../../src/matrix/ids/brands.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { aCreateEvent, aRoom } from '../../support/core/a-room.ts';
import { alice, bob } from '../../support/core/a-user.ts';
import { ofVersion, verdictText } from '../../support/core/auth-cases.ts';

describe.each(supportedRoomVersions)('in version %s', (version) => {
  const room = aRoom({ version }).withJoined(bob);
  const namesCreate = version !== '12';
  const section = ofVersion({ '1-11': '2', '12': '3' }, version);

  interface Given {
    readonly event?: Pdu;
    readonly authEvents: readonly Pdu[];
    readonly rejected?: readonly EventId[];
    readonly create?: Pdu | undefined;
  }

  /** The verdict on an event that names these auth events, by default Bob's message. */
  function verdictOn(given: Given): string {
    const { authEvents, rejected = [] } = given;
    const event = { ...(given.event ?? room.messageOf(bob)), authEvents: authEvents.map(({ eventId }) => eventId) };
    const create = 'create' in given ? given.create : room.create;
    return verdictText(checkAuthEvents(room.rules, event, authEvents, (id) => rejected.includes(id), create));
  }

  const good = room.authEventsOf(room.messageOf(bob));
  const bobsMembership = good.filter(({ type }) => type === 'm.room.member');

  test('the selected events are allowed, also when some are left out', () => {
    expect(verdictOn({ authEvents: good })).toBe('allowed');
    expect(verdictOn({ authEvents: namesCreate ? [room.create] : [] })).toBe('allowed');
  });

  test('a create event is not asked for auth events', () => {
    expect(verdictOn({ event: room.create, authEvents: [], create: undefined })).toBe('allowed');
  });

  test('two events for one key are denied', () => {
    const newer = room.joinOf(bob, { displayname: 'Bob' });
    expect(verdictOn({ authEvents: [...good, newer] })).toBe(`${section}.1 duplicate-auth-event`);
  });

  test('the same event twice is denied, even if it was loaded once', () => {
    expect(verdictOn({ authEvents: [...good, ...bobsMembership] })).toBe(`${section}.1 duplicate-auth-event`);
    const event = { ...room.messageOf(bob), authEvents: [...good, ...bobsMembership].map(({ eventId }) => eventId) };
    expect(verdictText(checkAuthEvents(room.rules, event, good, () => false, room.create))).toBe(
      `${section}.1 duplicate-auth-event`,
    );
  });

  test('state that does not bear on the event is denied', () => {
    const unexpected = `${section}.2 unexpected-auth-event`;
    const topic = room.event({ type: 'm.room.topic', sender: alice, stateKey: '' });
    const alices = room.state('m.room.member', alice);
    const joinRules = room.state('m.room.join_rules', '');
    for (const other of [topic, alices, joinRules]) {
      expect(other).toBeDefined();
      expect(verdictOn({ authEvents: other === undefined ? [] : [...good, other] })).toBe(unexpected);
    }
  });

  test('a message among the auth events is denied', () => {
    expect(verdictOn({ authEvents: [...good, room.messageOf(alice)] })).toBe(`${section}.2 unexpected-auth-event`);
  });

  test('the create event is among the auth events unless the room ID names it', () => {
    expect(verdictOn({ authEvents: [...bobsMembership, room.create] })).toBe(
      namesCreate ? 'allowed' : '3.2 unexpected-auth-event',
    );
    expect(verdictOn({ authEvents: bobsMembership })).toBe(namesCreate ? '2.4 no-create-event' : 'allowed');
  });

  test('a rejected auth event is denied', () => {
    const rejected = bobsMembership.map(({ eventId }) => eventId);
    expect(verdictOn({ authEvents: good, rejected })).toBe(`${section}.3 rejected-auth-event`);
  });

  test('an auth event of another room is denied', () => {
    const foreign = room.event({
      type: 'm.room.member',
      sender: bob,
      stateKey: bob,
      content: { membership: 'join' },
      roomId: '!elsewhere:one.test' as RoomId,
    });
    const others = good.filter(({ type }) => type !== 'm.room.member');
    expect(verdictOn({ authEvents: [...others, foreign] })).toBe(
      namesCreate ? '2.5 foreign-auth-event' : '3.4 foreign-auth-event',
    );
  });

  test('a room ID that is a hash names an accepted create event', () => {
    const denied = namesCreate ? 'allowed' : '2 create-not-accepted';
    const another = aCreateEvent(room.rules, bob);
    expect(verdictOn({ authEvents: good, create: undefined })).toBe(denied);
    expect(verdictOn({ authEvents: good, create: another })).toBe(denied);
  });

  test('a restricted join may name the member who authorises it, where there are such joins', () => {
    const event = room.memberEvent(bob, bob, 'join', { join_authorised_via_users_server: alice });
    const alices = room.state('m.room.member', alice);
    const authEvents = [...room.authEventsOf(room.joinOf(bob)), ...(alices === undefined ? [] : [alices])];
    expect(verdictOn({ event, authEvents })).toBe(
      ofVersion({ '1-7': '2.2 unexpected-auth-event', '8-12': 'allowed' }, version),
    );
  });
});

describe('in version 12', () => {
  const room = aRoom({ version: '12' });

  test('a room ID that names another event than a create event is denied', () => {
    const topic = room.event({ type: 'm.room.topic', sender: alice, stateKey: '' });
    const event = room.event({ type: 'm.room.message', sender: alice, roomId: `!${topic.eventId.slice(1)}` as RoomId });
    const verdict = checkAuthEvents(room.rules, event, [], () => false, topic);
    expect(verdictText(verdict)).toBe('2 create-not-accepted');
  });

  test('a room ID that names a rejected create event is denied', () => {
    const event = room.messageOf(alice);
    const verdict = checkAuthEvents(room.rules, event, [], (id) => id === room.create.eventId, room.create);
    expect(verdictText(verdict)).toBe('2 create-not-accepted');
  });
});
