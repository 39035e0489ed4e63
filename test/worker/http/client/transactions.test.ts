import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { readConfig, type Env } from '../../../../src/config.ts';
import { objectStubs } from '../../../../src/durable/objects.ts';
import type { RoomId } from '../../../../src/matrix/ids/brands.ts';
import { aLoggedInUser, ask, logIn } from '../../../support/worker/ask.ts';

const v3 = '/_matrix/client/v3';
const bindings = env as unknown as Env;

/** A room of two devices, one of which has a refresh token. */
async function aRoomOfTwoDevices() {
  const { userId, token } = await aLoggedInUser('alice');
  const phone = (await logIn(userId, { device_id: 'PHONE', refresh_token: true })).body;
  const roomId = (await ask('POST', `${v3}/createRoom`, { token, body: {} })).body['room_id'] as RoomId;
  const put = async (rest: string, as: string) => {
    const path = `${v3}/rooms/${encodeURIComponent(roomId)}/${rest}`;
    const { status, body } = await ask('PUT', path, { token: as, body: { msgtype: 'm.text', body: 'once' } });
    if (status !== 200) throw new Error(JSON.stringify(body));
    return String(body['event_id']);
  };
  return {
    roomId,
    token,
    phone: String(phone['access_token']),
    refreshToken: String(phone['refresh_token']),
    put,
  };
}

test('a transaction ID counts for one device', async () => {
  const { token, phone, put } = await aRoomOfTwoDevices();
  const first = await put('send/m.room.message/1', token);
  expect(await put('send/m.room.message/1', phone)).not.toBe(first);
  expect(await put('send/m.room.message/1', token)).toBe(first);
});

test('a device with a new access token repeats what it sent with the old one', async () => {
  const { phone, refreshToken, put } = await aRoomOfTwoDevices();
  const first = await put('send/m.room.message/1', phone);
  const { body } = await ask('POST', `${v3}/refresh`, { body: { refresh_token: refreshToken } });
  expect(await put('send/m.room.message/1', String(body['access_token']))).toBe(first);
});

test('a transaction ID counts for one endpoint, of which type and event are part', async () => {
  const { token, put } = await aRoomOfTwoDevices();
  const first = await put('send/m.room.message/1', token);
  const path = encodeURIComponent(first);
  const others = [await put('send/m.room.other/1', token), await put(`redact/${path}/1`, token)];
  expect(new Set([first, ...others]).size).toBe(3);
  expect(await put(`redact/${path}/1`, token)).toBe(others[1]);
});

test('a transaction is known after the room was not in memory', async () => {
  const { roomId, token, put } = await aRoomOfTwoDevices();
  const first = await put('send/m.room.message/1', token);
  await evictDurableObject(objectStubs(bindings, readConfig(bindings)).room(roomId));
  expect(await put('send/m.room.message/1', token)).toBe(first);
});
