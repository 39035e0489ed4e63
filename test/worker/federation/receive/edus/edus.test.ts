import { expect, test } from 'vitest';

import { receiveReceipts } from '../../../../../src/federation/receive/edus/receive-receipts.ts';
import { wantedEdus, whileOn } from '../../../../../src/federation/edu-switches.ts';
import { receiveTyping } from '../../../../../src/federation/receive/edus/receive-typing.ts';
import type { RoomId, ServerName } from '../../../../../src/matrix/ids/brands.ts';
import type { JsonValue } from '../../../../../src/matrix/json/json-value.ts';

const origin = 'peer.test' as ServerName;
const roomId = '!room:us.test' as RoomId;
const knownRooms = { versionOf: async (id: RoomId) => (id === roomId ? '11' : undefined) };

async function receipts(content: JsonValue) {
  const received: unknown[] = [];
  const receive = async (...call: unknown[]) => void received.push(call);
  await receiveReceipts(knownRooms, { receive })(origin, content);
  return received;
}

async function typing(content: JsonValue) {
  const received: unknown[] = [];
  const rooms = { receive: async (event: unknown) => void received.push(event) };
  await receiveTyping(knownRooms, rooms, () => 1_000)(origin, content);
  return received;
}

test('a receipt reaches its room, with its thread', async () => {
  const receipt = { event_ids: ['$a'], data: { ts: 5, thread_id: 'main' } };
  expect(await receipts({ [roomId]: { 'm.read': { '@u:peer.test': receipt } } })).toEqual([
    [roomId, origin, [{ userId: '@u:peer.test', eventId: '$a', threadId: 'main', ts: 5 }]],
  ]);
});

test('all receipts of a room are given together, several events of one in order', async () => {
  const receipt = { event_ids: ['$a', '$b'], data: { ts: 5 } };
  const other = { event_ids: ['$b'], data: { ts: 6 } };
  const content = { [roomId]: { 'm.read': { '@u:peer.test': receipt, '@v:peer.test': other } } };
  expect(await receipts(content)).toMatchObject([
    [
      roomId,
      origin,
      [
        { userId: '@u:peer.test', eventId: '$a', threadId: undefined },
        { userId: '@u:peer.test', eventId: '$b', threadId: undefined },
        { userId: '@v:peer.test', eventId: '$b', threadId: undefined },
      ],
    ],
  ]);
});

const good = { event_ids: ['$a'], data: { ts: 5 } };
test.each<[string, JsonValue]>([
  ['of a user of another server', { [roomId]: { 'm.read': { '@u:other.test': good } } }],
  ['private', { [roomId]: { 'm.read.private': { '@u:peer.test': good } } }],
  ['for a room that is none of ours', { '!stray:us.test': { 'm.read': { '@u:peer.test': good } } }],
  ['without data', { [roomId]: { 'm.read': { '@u:peer.test': { event_ids: ['$a'] } } } }],
  ['without events', { [roomId]: { 'm.read': { '@u:peer.test': { event_ids: [], data: { ts: 1 } } } } }],
  ['of no user', { [roomId]: { 'm.read': { peer: good } } }],
  ['of no shape', [1]],
])('a receipt %s is dropped', async (_what, content) => {
  expect(await receipts(content)).toEqual([]);
});

test('typing has an end, and stopping has none', async () => {
  const event = { room_id: roomId, user_id: '@u:peer.test' };
  expect(await typing({ ...event, typing: true })).toEqual([{ roomId, origin, userId: '@u:peer.test', until: 61_000 }]);
  expect(await typing({ ...event, typing: false })).toMatchObject([{ until: undefined }]);
});

test.each<[string, JsonValue]>([
  ['of a user of another server', { room_id: roomId, user_id: '@u:other.test', typing: true }],
  ['in a room that is none of ours', { room_id: '!stray:us.test', user_id: '@u:peer.test', typing: true }],
  ['that does not say whether', { room_id: roomId, user_id: '@u:peer.test' }],
  ['of no shape', 'typing'],
])('typing %s is dropped', async (_what, content) => {
  expect(await typing(content)).toEqual([]);
});

test('a type that is switched off, or whose switch cannot be read, is dropped', async () => {
  const received: JsonValue[] = [];
  const handler = async (_origin: ServerName, content: JsonValue) => void received.push(content);
  const switches = { typing: false, receipts: true, presence: true };
  await whileOn('m.typing', async () => switches, handler)(origin, 'typing');
  await whileOn('m.receipt', async () => switches, handler)(origin, 'receipt');
  const broken = whileOn('m.receipt', () => Promise.reject(new Error('D1 is down')), handler);
  await expect(broken(origin, 'lost')).rejects.toThrow();
  expect(received).toEqual(['receipt']);
});

test('only the EDUs whose type is on may leave; a type without a switch is on', () => {
  const edus = ['m.typing', 'm.receipt', 'm.direct_to_device'].map((type) => JSON.stringify({ edu_type: type }));
  expect(wantedEdus({ typing: true, receipts: false, presence: true }, edus)).toEqual([edus[0], edus[2]]);
  expect(wantedEdus({ typing: false, receipts: true, presence: true }, edus)).toEqual([edus[1], edus[2]]);
});
