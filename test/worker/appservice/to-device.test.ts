import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import type { Env } from '../../../src/config.ts';
import {
  aReceivingAppservice,
  stubAppservices,
  type ReceivingAppservice,
} from '../../support/worker/a-receiving-appservice.ts';
import { anOwnedUser, askAs, type TestAppservice } from '../../support/worker/an-appservice.ts';
import { anAdministrator, ask } from '../../support/worker/ask.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { aClient } from '../../support/worker/client.ts';
import { eventually } from '../../support/worker/eventually.ts';
import { receive, sent200, to } from '../../support/worker/to-device.ts';

const v3 = '/_matrix/client/v3';
const bindings = env as unknown as Env;

beforeAll(stubAppservices);
afterAll(() => vi.restoreAllMocks());

const objectOf = ({ id }: TestAppservice) => bindings.APPSERVICE.getByName(id);
const numbersOf = (appservice: ReceivingAppservice) => appservice.toDevice().map(({ content }) => content['n']);

/** A user of an application service that wants ephemeral data, with a device that the application service has made. */
async function anOwnedDevice(changes: object = { receive_ephemeral: true }) {
  const appservice = await aReceivingAppservice({ ...changes });
  const userId = await anOwnedUser(appservice);
  expect((await askAs(appservice, userId, 'PUT', `${v3}/devices/BRIDGE`, {})).status).toBe(201);
  return { appservice, device: { userId, deviceId: 'BRIDGE' } };
}

/** Ends the back-off, as time does. */
async function waitIsOver(appservice: TestAppservice): Promise<void> {
  await runInDurableObject(objectOf(appservice), (_instance, { storage }) => {
    storage.sql.exec(`update meta set value = json_set(value, '$.until', 0) where key = 'health'`);
    storage.sql.exec('update duties set at = 0');
  });
  await runDurableObjectAlarm(objectOf(appservice));
}

test('messages to users of the namespace are sent in order, with user and device, and to nobody else', async () => {
  const { appservice, device } = await anOwnedDevice();
  const [alice, bob] = [await aClient(), await aClient()];
  await sent200(alice, { ...to(device, 1), ...to(bob, 1) });
  await sent200(alice, { [device.userId]: { '*': { n: 2 }, NOWHERE: { n: 3 } } });
  await eventually(() => expect(numbersOf(appservice)).toEqual([1, 2]));
  expect(appservice.toDevice()[0]).toEqual({
    type: 'm.test',
    sender: alice.userId,
    to_user_id: device.userId,
    to_device_id: device.deviceId,
    content: { n: 1 },
  });
  expect((await receive(bob)).numbers).toEqual([1]);
});

test('one that did not ask for ephemeral data is sent none', async () => {
  const { appservice, device } = await anOwnedDevice({});
  const alice = await aClient();
  await sent200(alice, to(device, 1));
  const user = await anOwnedUser(appservice, 'other');
  const roomId = await alice.create();
  await askAs(appservice, user, 'POST', `${v3}/rooms/${encodeURIComponent(roomId)}/join`, {});
  await appservice.hears(await alice.say(roomId, 'hello'));
  expect(appservice.toDevice()).toEqual([]);
});

test('what it does not take is repeated as it was, and what came meanwhile follows, whatever restarts', async () => {
  const { appservice, device } = await anOwnedDevice();
  const alice = await aClient();
  appservice.answer = () => new Response(null, { status: 502 });
  await sent200(alice, to(device, 1));
  const tries = () => appservice.asked.filter(({ path }) => path.includes('/transactions/'));
  await eventually(() => expect(tries()).toHaveLength(1));
  for (const n of [2, 3]) {
    await sent200(alice, to(device, n));
    await evictDurableObject(objectOf(appservice));
  }
  appservice.answer = () => Response.json({});
  await waitIsOver(appservice);
  await eventually(() => expect(numbersOf(appservice)).toEqual([1, 2, 3]));
  expect(tries()[1]).toMatchObject({ path: tries()[0]?.path, body: tries()[0]?.body });
});

test('a hundred go in one transaction, and the shard forgets what was taken over', async () => {
  const { appservice, device } = await anOwnedDevice();
  const alice = await aClient();
  appservice.answer = () => new Response(null, { status: 502 });
  for (const name of ['B', 'C', 'D', 'E']) {
    await askAs(appservice, device.userId, 'PUT', `${v3}/devices/${name}`, {});
  }
  for (let n = 0; n < 25; n += 1) await sent200(alice, { [device.userId]: { '*': { n } } });
  appservice.answer = () => Response.json({});
  await waitIsOver(appservice);
  const all = Array.from({ length: 25 }, (_, n) => Array.from({ length: 5 }, () => n)).flat();
  await eventually(() => expect(numbersOf(appservice)).toEqual(all));
  const inOne = appservice.taken().map(({ body }) => body.split('to_user_id').length - 1);
  expect(Math.max(...inOne)).toBe(100);
  await sent200(alice, to(device, 25));
  await eventually(() => expect(numbersOf(appservice)).toEqual([...all, 25]));
  await runInDurableObject(bindings.USER.getByName(await shardOf(device.userId)), (_instance, { storage }) => {
    const rows = storage.sql.exec('select * from appservice_messages where appservice_id = ?', appservice.id);
    expect(rows.toArray()).toHaveLength(1);
  });
});

test('an administrator sees how many wait, taken over or still with a shard', async () => {
  const { appservice, device } = await anOwnedDevice();
  const { token } = await anAdministrator();
  const path = `/_eyrie/admin/v1/appservices/${appservice.id}`;
  const waiting = async () => ((await ask('GET', path, { token })).body['queue'] as JsonObject)['waiting_messages'];
  expect(await waiting()).toBe(0);
  const alice = await aClient();
  appservice.answer = () => new Response(null, { status: 502 });
  await sent200(alice, to(device, 1));
  await eventually(() => expect(appservice.asked).toHaveLength(1));
  for (const n of [2, 3]) await sent200(alice, to(device, n));
  expect(await waiting()).toBe(2);
  appservice.answer = () => Response.json({});
  await waitIsOver(appservice);
  await eventually(async () => expect(await waiting()).toBe(0));
});

test('the same device may sync, and is told the same', async () => {
  const { appservice, device } = await anOwnedDevice();
  const alice = await aClient();
  await sent200(alice, to(device, 1));
  await eventually(() => expect(numbersOf(appservice)).toEqual([1]));
  const path = `${v3}/sync?device_id=${device.deviceId}`;
  expect((await askAs(appservice, device.userId, 'GET', path)).body).toMatchObject({
    to_device: { events: [{ content: { n: 1 } }] },
  });
  expect((await askAs(appservice, device.userId, 'GET', `${v3}/sync`)).body).not.toHaveProperty('to_device');
});

test('of a registration that has ended nothing is left', async () => {
  const { appservice, device } = await anOwnedDevice();
  const alice = await aClient();
  appservice.answer = () => new Response(null, { status: 502 });
  for (const n of [1, 2, 3]) await sent200(alice, to(device, n));
  const shard = bindings.USER.getByName(await shardOf(device.userId));
  const { token } = await anAdministrator();
  const path = `/_eyrie/admin/v1/appservices/${appservice.id}`;
  expect((await ask('DELETE', path, { token })).status).toBe(200);
  await runInDurableObject(shard, (_instance, { storage }) => {
    const rows = storage.sql.exec('select * from appservice_messages where appservice_id = ?', appservice.id);
    expect(rows.toArray()).toEqual([]);
  });
});

test('what a shard was given for one that had ended already, as it did not know yet, goes after a while', async () => {
  const { appservice, device } = await anOwnedDevice();
  const alice = await aClient();
  const name = await shardOf(device.userId);
  const shard = bindings.USER.getByName(name);
  appservice.answer = () => new Response(null, { status: 502 });
  for (const n of [1, 2, 3]) await sent200(alice, to(device, n));
  const heldFor = () =>
    runInDurableObject(shard, (_instance, { storage }) =>
      storage.sql
        .exec<{ id: string }>(
          `select distinct appservice_id as id from appservice_messages where user_id like '@ended%'`,
        )
        .toArray()
        .map(({ id }) => id),
    );
  await runInDurableObject(shard, (_instance, { storage }) => {
    const insert = `insert into appservice_messages
      (appservice_id, user_id, device_id, sender, type, content, ts, count, bytes) values (?, ?, 'D', '@a:b', 't', '{}', ?, 1, 2)`;
    storage.sql.exec(insert, 'ended long ago', `@ended:eyrie.test`, Date.now() - 120_000);
    storage.sql.exec(insert, 'ended just now', `@ended:eyrie.test`, Date.now());
    storage.sql.exec(insert, appservice.id, `@ended:eyrie.test`, Date.now() - 120_000);
    storage.sql.exec(`insert or replace into duties (kind, key, at, attempt) values ('appservices', ?, 1, 0)`, name);
    return storage.setAlarm(Date.now() + 60_000);
  });
  await runDurableObjectAlarm(shard);
  expect((await heldFor()).toSorted()).toEqual([appservice.id, 'ended just now'].toSorted());
  const again = await runInDurableObject(shard, (_instance, { storage }) =>
    storage.sql.exec<{ at: number }>(`select at from duties where kind = 'appservices'`).one(),
  );
  expect(again.at).toBeGreaterThan(Date.now());
});

async function shardOf(userId: string): Promise<string> {
  const row = await bindings.DB.prepare('select shard from accounts where user_id = ?')
    .bind(userId)
    .first<{ shard: string }>();
  return row?.shard ?? '';
}
