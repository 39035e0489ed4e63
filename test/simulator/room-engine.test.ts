import { describe, expect, test } from 'vitest';

import type { UserId } from '../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../src/matrix/json/json-value.ts';
import { supportedRoomVersions } from '../../src/matrix/room-versions/versions.ts';
import { readMessages } from '../../src/room/read/read-messages.ts';
import { readSync } from '../../src/room/read/read-sync.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:one' as UserId;
const all = { timelineFilter: {}, stateFilter: {}, lazyLoadMembers: false, fullState: false, ignoredUsers: [] };

describe.each(supportedRoomVersions.map((version) => [version]))('a room of version %s', (version) => {
  test('is created, joined, spoken in and read', () => {
    const room = new RoomRig('one');
    room.create(version, alice);
    room.turn((ctx) => ctx.store.localUsers.setShard(bob, 's2'));
    room.member(bob, bob, 'join');
    const said = room.say(bob, 'hello');
    const page = readMessages(
      room.store,
      {
        userId: alice,
        scope: 'd',
        dir: 'b',
        from: undefined,
        to: undefined,
        limit: 3,
        filter: {},
        lazyLoadMembers: false,
      },
      room.now,
    );
    expect(page.chunk.map(({ type }) => type)).toEqual([
      'm.room.message',
      'm.room.member',
      'm.room.history_visibility',
    ]);
    expect(page.chunk[0]?.event_id).toBe(said.eventId);
    expect(room.store.extremities.forward()).toEqual([said.eventId]);
  });

  test.each([{ ban: '50' }, { users: { [bob]: '50' } }, { events: { a: 50.5 } }, { notifications: { room: '1' } }])(
    'takes no power levels %j of our users, who set integers',
    (content) => {
      const room = new RoomRig('one');
      room.create(version, alice);
      const set = (levels: JsonObject) =>
        room.send({ type: 'm.room.power_levels', sender: alice, stateKey: '', content: levels });
      const users = version === '12' ? {} : { [alice]: 100 };
      expect(() => set({ users, ...content })).toThrow(expect.objectContaining({ errcode: 'M_BAD_JSON' }));
      expect(set({ users, ban: 60, events: { a: 50 } }).eventId).toMatch(/^\$/);
    },
  );

  test('refuses what the rules refuse and keeps nothing of it', () => {
    const room = new RoomRig('one');
    room.create(version, alice);
    const head = room.store.stream.head();
    expect(() => room.say(bob, 'let me in')).toThrow(expect.objectContaining({ errcode: 'M_FORBIDDEN' }));
    expect(room.store.stream.head()).toBe(head);
  });
});

test('an initial sync has the state before the timeline and the timeline, folded the state of the room', () => {
  const room = new RoomRig('one');
  room.create('12', alice);
  for (let n = 0; n < 15; n += 1) room.say(alice, `message ${n}`);
  const sync = readSync(
    room.store,
    { ...all, userId: alice, scope: 'd', from: undefined, to: room.store.stream.head(), timelineLimit: 10 },
    room.now,
  );
  expect(sync?.limited).toBe(true);
  expect(sync?.timeline.map(({ content }) => content['body'])).toEqual(
    Array.from({ length: 10 }, (_, n) => `message ${n + 5}`),
  );
  expect(sync?.state.map(({ type }) => type).sort()).toEqual([
    'm.room.create',
    'm.room.history_visibility',
    'm.room.join_rules',
    'm.room.member',
    'm.room.power_levels',
  ]);
  expect(sync?.owed).toBe(false);
});
