import { expect, test } from 'vitest';

import { publishedPart, readSummary, summarise } from '../../../src/matrix/discovery/room-summary.ts';
import type { RoomId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';

const roomId = '!room:us.test' as RoomId;
const allowed = '!space:us.test' as RoomId;
const facts = { roomId, roomVersion: '11', joinedMembers: 3, allowedRooms: [] as RoomId[] };
const of = (state: Readonly<Record<string, JsonObject>>, changes: Partial<typeof facts> = {}) =>
  summarise((type) => state[type], { ...facts, ...changes });

test('a room that says nothing of itself', () => {
  expect(of({})).toEqual({
    room_id: roomId,
    num_joined_members: 3,
    world_readable: false,
    guest_can_join: false,
    join_rule: 'invite',
    room_version: '11',
  });
});

test('everything that a room can say', () => {
  const summary = of(
    {
      'm.room.create': { type: 'm.space' },
      'm.room.name': { name: 'Name' },
      'm.room.topic': { topic: 'Topic' },
      'm.room.canonical_alias': { alias: '#a:us.test' },
      'm.room.avatar': { url: 'mxc://us.test/abc' },
      'm.room.history_visibility': { history_visibility: 'world_readable' },
      'm.room.guest_access': { guest_access: 'can_join' },
      'm.room.join_rules': { join_rule: 'restricted' },
      'm.room.encryption': { algorithm: 'm.megolm.v1.aes-sha2' },
    },
    { allowedRooms: [allowed] },
  );
  const published = {
    room_id: roomId,
    name: 'Name',
    topic: 'Topic',
    canonical_alias: '#a:us.test',
    avatar_url: 'mxc://us.test/abc',
    num_joined_members: 3,
    world_readable: true,
    guest_can_join: true,
    join_rule: 'restricted',
    room_type: 'm.space',
  };
  const rest = { allowed_room_ids: [allowed], encryption: 'm.megolm.v1.aes-sha2', room_version: '11' };
  expect(summary).toEqual({ ...published, ...rest });
  expect(publishedPart(summary)).toEqual(published);
  expect(readSummary(summary as unknown as JsonObject)).toEqual(summary);
});

test.each([
  [{ topic: 'short', 'm.topic': { 'm.text': [{ mimetype: 'text/html', body: '<b>' }, { body: 'plain' }] } }, 'plain'],
  [{ topic: 'short', 'm.topic': { 'm.text': [{ mimetype: 'text/html', body: '<b>' }] } }, 'short'],
  [{ topic: 'short', 'm.topic': 'nonsense' }, 'short'],
  [{ topic: '' }, undefined],
  [{ topic: 7 }, undefined],
])('the topic of %j is %j', (content, topic) => {
  expect(of({ 'm.room.topic': content }).topic).toBe(topic);
});

test('what has the wrong shape is left out', () => {
  const summary = of({
    'm.room.name': { name: { a: 1 } },
    'm.room.canonical_alias': { alias: 'no alias' },
    'm.room.avatar': { url: 'https://somewhere.test/x' },
    'm.room.join_rules': { join_rule: 1 },
  });
  expect(Object.keys(summary)).toEqual([
    'room_id',
    'num_joined_members',
    'world_readable',
    'guest_can_join',
    'join_rule',
    'room_version',
  ]);
});

test.each([
  [null],
  ['text'],
  [{}],
  [{ room_id: 'x', num_joined_members: 1 }],
  [{ room_id: roomId, num_joined_members: '1' }],
])('%j of another server is no summary', (json) => {
  expect(readSummary(json)).toBeUndefined();
});
