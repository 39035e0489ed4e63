import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { readConfig, type Env } from '../../../../src/config.ts';
import { objectStubs } from '../../../../src/durable/objects.ts';
import type { RoomId } from '../../../../src/matrix/ids/brands.ts';
import { aLoggedInUser, ask } from '../../../support/worker/ask.ts';

const v3 = '/_matrix/client/v3';
const bindings = env as unknown as Env;
const objects = objectStubs(bindings, readConfig(bindings));

test('account data keeps fractions and takes every number that JSON has', async () => {
  const { userId, token } = await aLoggedInUser();
  const path = `${v3}/user/${userId}/rooms/!r:eyrie.test/account_data/m.tag`;
  const body = '{"tags":{"u.work":{"order":0.25},"big":{"order":1e400}}}';
  expect(await ask('PUT', path, { token, body })).toMatchObject({ status: 200 });
  const held = { tags: { 'u.work': { order: 0.25 }, big: { order: Number.MAX_VALUE } } };
  expect((await ask('GET', path, { token })).body).toEqual(held);
});

test('a room of version 1 whose state holds fractions is read, replaced and shown to the invited', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const { token } = alice;
  const made = await ask('POST', `${v3}/createRoom`, { token, body: { room_version: '1' } });
  const roomId = String(made.body['room_id']) as RoomId;
  const path = `${v3}/rooms/${encodeURIComponent(roomId)}`;
  for (const body of ['{"name":"a","odd":1.5}', '{"name":"b","odd":2.5}']) {
    expect(await ask('PUT', `${path}/state/m.room.name`, { token, body })).toMatchObject({ status: 200 });
  }
  // What it remembers of its own events is as it made them; what it reads from its tables is as they are signed.
  await evictDurableObject(objects.room(roomId));
  const { body: page } = await ask('GET', `${path}/messages?dir=b&limit=1`, { token });
  expect(page['chunk']).toMatchObject([{ content: { odd: 2.5 }, unsigned: { prev_content: { odd: 1.5 } } }]);
  const invited = await ask('POST', `${path}/invite`, { token, body: { user_id: bob.userId } });
  expect(invited).toMatchObject({ status: 200 });
  const { status, body } = await ask('GET', `${v3}/sync`, { token: bob.token });
  expect(status).toBe(200);
  expect(JSON.stringify(body['rooms'])).toContain('"odd":2.5');
});
