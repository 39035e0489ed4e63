import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import { aLoggedInUser, ask } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';

const bindings = env as unknown as Env;
const C = '/_matrix/client/v3';

test('a room whose alarm the platform dropped sets it again at its next call, and does what was due', async () => {
  const { token } = await aLoggedInUser('drop');
  const created = await ask('POST', `${C}/createRoom`, { token, body: {} });
  const roomId = String(created.body['room_id']);
  await ask('PUT', `${C}/rooms/${encodeURIComponent(roomId)}/send/m.room.message/1`, { token, body: { body: 'here' } });
  const stub = bindings.ROOM.getByName(roomId);
  await runInDurableObject(stub, async (_instance, { storage }) => {
    storage.sql.exec(`insert or replace into duties (kind, key, at, attempt) values ('dispatch', '', 1, 0)`);
    await storage.deleteAlarm();
  });
  await evictDurableObject(stub);

  await ask('GET', `${C}/rooms/${encodeURIComponent(roomId)}/joined_members`, { token });

  const isDone = () =>
    runInDurableObject(stub, (_instance, { storage }) => storage.sql.exec('select * from duties').toArray());
  await eventually(async () => {
    await runDurableObjectAlarm(stub);
    expect(await isDone()).toEqual([]);
  });
});

test('a backstop that died again and again is there again with the next event', async () => {
  const { token } = await aLoggedInUser('died');
  const created = await ask('POST', `${C}/createRoom`, { token, body: {} });
  const roomId = String(created.body['room_id']);
  const stub = bindings.ROOM.getByName(roomId);
  await runInDurableObject(stub, (_instance, { storage }) => {
    storage.sql.exec(`insert or replace into duties (kind, key, at, attempt) values ('dispatch', '', null, 5)`);
  });
  await evictDurableObject(stub);

  await ask('PUT', `${C}/rooms/${encodeURIComponent(roomId)}/send/m.room.message/1`, { token, body: { body: 'here' } });

  await runInDurableObject(stub, async (_instance, { storage }) => {
    const { at, attempt } = storage.sql
      .exec<{ at: number | null; attempt: number }>(`select at, attempt from duties where kind = 'dispatch'`)
      .one();
    expect({ isDue: at !== null, attempt }).toEqual({ isDue: true, attempt: 0 });
    expect(await storage.getAlarm()).toBe(at);
  });
});
