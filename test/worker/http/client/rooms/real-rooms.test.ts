import { expect, test, vi } from 'vitest';

import type { RoomId, UserId } from '../../../../../src/matrix/ids/brands.ts';
import { alice, bob, realRoomsApp } from '../../../../support/worker/real-rooms-app.ts';

async function aRoom(options: object = {}) {
  const as = realRoomsApp();
  const made = await as(alice)('POST', '/createRoom', options);
  expect(made.status).toBe(200);
  const roomId = made.json['room_id'] as RoomId;
  return { as, roomId, path: `/rooms/${encodeURIComponent(roomId)}` };
}

test('a room is made, joined, written to and read', async () => {
  const { as, roomId, path } = await aRoom({ preset: 'public_chat', name: 'Name' });
  expect((await as(alice)('GET', '/joined_rooms')).json['joined_rooms']).toContain(roomId);
  expect(await as(bob)('POST', `${path}/join`)).toEqual({ status: 200, json: { room_id: roomId } });
  const sent = await as(bob)('PUT', `${path}/send/m.room.message/1`, { body: 'hi', msgtype: 'm.text' });
  expect(await as(bob)('PUT', `${path}/send/m.room.message/1`, { body: 'hi', msgtype: 'm.text' })).toEqual(sent);
  const page = await as(alice)('GET', `${path}/messages?dir=b&limit=1`);
  expect(page.json['chunk']).toMatchObject([{ event_id: sent.json['event_id'], room_id: roomId, sender: bob }]);
  const next = await as(alice)('GET', `${path}/messages?dir=b&limit=1&from=${String(page.json['end'])}`);
  expect(next.json['chunk']).toMatchObject([{ type: 'm.room.member', state_key: bob }]);
  expect((await as(bob)('GET', `${path}/state/m.room.name`)).json).toEqual({ name: 'Name' });
  expect((await as(bob)('GET', `${path}/joined_members`)).json['joined']).toEqual({
    [alice]: { display_name: 'Name' },
    [bob]: { display_name: 'Name' },
  });
  const context = await as(bob)('GET', `${path}/context/${String(sent.json['event_id'])}?limit=2`);
  expect(context.json).toMatchObject({ event: { content: { body: 'hi' } }, events_before: [{ state_key: bob }] });
});

test('a redaction empties the event', async () => {
  const { as, path } = await aRoom();
  const sent = await as(alice)('PUT', `${path}/send/m.room.message/1`, { body: 'hi', msgtype: 'm.text' });
  const eventId = String(sent.json['event_id']);
  expect((await as(alice)('PUT', `${path}/redact/${eventId}/2`, { reason: 'typo' })).status).toBe(200);
  expect((await as(alice)('GET', `${path}/event/${eventId}`)).json).toMatchObject({ content: {} });
});

test('an uninvited user is refused, an invited one gets in, and who is kicked is out', async () => {
  const { as, path } = await aRoom();
  const refused = { status: 403, json: { errcode: 'M_FORBIDDEN' } };
  expect(await as(bob)('POST', `${path}/join`)).toMatchObject(refused);
  expect(await as(bob)('GET', `${path}/messages?dir=b`)).toMatchObject(refused);
  expect(await as(bob)('PUT', `${path}/send/m.room.message/1`, {})).toMatchObject(refused);
  expect((await as(alice)('POST', `${path}/invite`, { user_id: bob })).status).toBe(200);
  expect((await as(bob)('POST', `${path}/join`)).status).toBe(200);
  expect((await as(alice)('POST', `${path}/kick`, { user_id: bob, reason: 'r' })).status).toBe(200);
  expect(await as(bob)('PUT', `${path}/send/m.room.message/2`, {})).toMatchObject(refused);
  expect((await as(alice)('GET', `${path}/members?membership=leave`)).json['chunk']).toMatchObject([
    { state_key: bob, content: { membership: 'leave', reason: 'r' } },
  ]);
});

test('who left can forget the room, and the last one out closes it', async () => {
  const { as, roomId, path } = await aRoom();
  expect(await as(alice)('POST', `${path}/forget`)).toMatchObject({ status: 400, json: { errcode: 'M_UNKNOWN' } });
  expect((await as(alice)('POST', `${path}/leave`)).status).toBe(200);
  expect((await as(alice)('GET', '/joined_rooms')).json['joined_rooms']).not.toContain(roomId);
  expect((await as(alice)('POST', `${path}/forget`)).status).toBe(200);
  const answer = await as(alice)('PUT', `${path}/send/m.room.message/1`, {});
  expect(answer).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
});

test('numbers: refused from version 6 on, kept before', async () => {
  const strict = await aRoom();
  const message = '{"body":"hi","n":1.5}';
  expect(await strict.as(alice)('PUT', `${strict.path}/send/m.room.message/1`, message)).toMatchObject({
    status: 400,
    json: { errcode: 'M_BAD_JSON' },
  });
  const lax = await aRoom({ room_version: '5' });
  const sent = await lax.as(alice)('PUT', `${lax.path}/send/m.room.message/1`, message);
  const read = await lax.as(alice)('GET', `${lax.path}/event/${String(sent.json['event_id'])}`);
  expect(read.json).toMatchObject({ content: { n: 1.5 } });
});

test('state by hand: a ban, its end, a profile, and no second create event', async () => {
  const { as, path } = await aRoom({ preset: 'public_chat' });
  await as(bob)('POST', `${path}/join`);
  const member = (user: UserId | string) => `${path}/state/m.room.member/${encodeURIComponent(user)}`;
  expect((await as(alice)('PUT', member(bob), { membership: 'ban' })).status).toBe(200);
  expect(await as(bob)('POST', `${path}/join`)).toMatchObject({ status: 403 });
  expect((await as(alice)('PUT', member(bob), { membership: 'leave' })).status).toBe(200);
  expect((await as(bob)('POST', `${path}/join`)).status).toBe(200);
  expect((await as(bob)('PUT', member(bob), { membership: 'join', displayname: 'Robert' })).status).toBe(200);
  expect((await as(alice)('GET', member(bob))).json).toEqual({ membership: 'join', displayname: 'Robert' });
  expect((await as(alice)('PUT', `${path}/state/m.room.create`, {})).status).toBe(403);
});

test.each(['1', '6', '10', '11', '12'])('rooms of version %s are made whole', async (version) => {
  const { as, path } = await aRoom({ room_version: version, topic: 'T', invite: [bob], is_direct: true });
  expect((await as(bob)('POST', `${path}/join`)).status).toBe(200);
  expect((await as(bob)('GET', `${path}/state/m.room.topic`)).json).toMatchObject({ topic: 'T' });
  expect((await as(bob)('POST', `${path}/leave`)).status).toBe(200);
});

test('receipts and typing are taken from members alone', async () => {
  const { as, path } = await aRoom();
  const sent = await as(alice)('PUT', `${path}/send/m.room.message/1`, { body: 'hi' });
  const receipt = `${path}/receipt/m.read/${String(sent.json['event_id'])}`;
  expect((await as(alice)('POST', receipt)).status).toBe(200);
  expect((await as(bob)('POST', receipt)).status).toBe(403);
  const typing = (user: string) => `${path}/typing/${encodeURIComponent(user)}`;
  expect((await as(alice)('PUT', typing(alice), { typing: true })).status).toBe(200);
  expect((await as(bob)('PUT', typing(bob), { typing: true })).status).toBe(403);
});

test('one user makes many rooms in the same moment', async () => {
  const ask = realRoomsApp()(alice);
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now());
  const made = await Promise.all(Array.from({ length: 40 }, () => ask('POST', '/createRoom', { room_version: '12' })));
  clock.mockRestore();
  expect(made.map(({ status }) => status)).toEqual(made.map(() => 200));
  expect(new Set(made.map(({ json }) => json['room_id'])).size).toBe(made.length);
});
