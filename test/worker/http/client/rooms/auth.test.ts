import { expect, test } from 'vitest';

import { aRoomsApp, here } from '../../../../support/worker/a-rooms-app.ts';

const closed = [
  ['POST', '/createRoom'],
  ['POST', `/join/${here}`],
  ['POST', `/rooms/${here}/join`],
  ['POST', `/rooms/${here}/invite`],
  ['POST', `/rooms/${here}/leave`],
  ['POST', `/rooms/${here}/kick`],
  ['POST', `/rooms/${here}/ban`],
  ['POST', `/rooms/${here}/unban`],
  ['POST', `/rooms/${here}/forget`],
  ['GET', '/joined_rooms'],
  ['PUT', `/rooms/${here}/send/m.room.message/1`],
  ['PUT', `/rooms/${here}/redact/$event/1`],
  ['PUT', `/rooms/${here}/state/m.room.name`],
  ['PUT', `/rooms/${here}/state/m.room.name/`],
  ['PUT', `/rooms/${here}/state/m.room.name/key`],
  ['GET', `/rooms/${here}/state/m.room.name`],
  ['GET', `/rooms/${here}/state/m.room.name/`],
  ['GET', `/rooms/${here}/state/m.room.name/key`],
  ['GET', `/rooms/${here}/state`],
  ['GET', `/rooms/${here}/messages?dir=b`],
  ['GET', `/rooms/${here}/members`],
  ['GET', `/rooms/${here}/joined_members`],
  ['GET', `/rooms/${here}/context/$event`],
  ['GET', `/rooms/${here}/event/$event`],
  ['GET', `/rooms/${here}/aliases`],
  ['PUT', '/directory/room/%23a:us.test'],
  ['DELETE', '/directory/room/%23a:us.test'],
  ['PUT', `/directory/list/room/${here}`],
  ['PUT', `/rooms/${here}/typing/@alice:us.test`],
  ['POST', `/rooms/${here}/receipt/m.read/$event`],
  ['POST', `/rooms/${here}/read_markers`],
] as const;

test.each(closed)('%s %s wants a token', async (method, path) => {
  const { request, calls } = aRoomsApp();
  const body = method === 'GET' || method === 'DELETE' ? undefined : {};
  expect(await request(method, path, body, {})).toMatchObject({ status: 401, json: { errcode: 'M_MISSING_TOKEN' } });
  expect(calls).toEqual([]);
});

const inRooms = [
  ['POST', 'invite', { user_id: '@bob:us.test' }],
  ['POST', 'kick', { user_id: '@bob:us.test' }],
  ['POST', 'ban', { user_id: '@bob:us.test' }],
  ['POST', 'unban', { user_id: '@bob:us.test' }],
  ['PUT', 'send/m.room.message/1', {}],
  ['PUT', 'redact/$event/1', {}],
  ['PUT', 'state/m.room.name', {}],
  ['GET', 'state/m.room.name', undefined],
  ['GET', 'state', undefined],
  ['GET', 'messages?dir=b', undefined],
  ['GET', 'members', undefined],
  ['GET', 'joined_members', undefined],
  ['GET', 'context/$event', undefined],
  ['GET', 'event/$event', undefined],
  ['GET', 'aliases', undefined],
  ['PUT', 'typing/@alice:us.test', { typing: true }],
  ['POST', 'receipt/m.read/$event', {}],
  ['POST', 'read_markers', { 'm.read': '$event' }],
] as const;

test.each(inRooms)('%s …/%s never addresses the object of an unregistered room', async (method, rest, body) => {
  const { request, calls } = aRoomsApp();
  const answer = await request(method, `/rooms/!stranger:us.test/${rest}`, body);
  expect(answer).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
  expect(calls.filter(([name]) => name !== 'limitSending')).toEqual([]);
});

test.each(inRooms)('%s …/%s refuses what is no room ID', async (method, rest, body) => {
  const answer = await aRoomsApp().request(method, `/rooms/room/${rest}`, body);
  expect(answer).toMatchObject({ status: 400, json: { errcode: 'M_INVALID_PARAM' } });
});
