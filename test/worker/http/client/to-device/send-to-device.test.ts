import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { readConfig, type Env } from '../../../../../src/config.ts';
import { objectStubs } from '../../../../../src/durable/objects.ts';
import { anAppservice, anOwnedUser, askAs } from '../../../../support/worker/an-appservice.ts';
import { anAdministrator, ask } from '../../../../support/worker/ask.ts';
import { aClient, type Client } from '../../../../support/worker/client.ts';
import { anotherDevice, receive, send, sent200, to } from '../../../../support/worker/to-device.ts';

const bindings = env as unknown as Env;
const stubs = objectStubs(bindings, readConfig(bindings));

/** The token says which shard it is. */
const shardOf = ({ token }: Client) => token.split('_')[1] ?? '';
const evict = (client: Client) => evictDurableObject(stubs.userShard(shardOf(client)));

/** Clients in shards of their own: the tests give a shard few accounts. */
async function twoOfOtherShards(): Promise<readonly [Client, Client]> {
  const alice = await aClient();
  for (let bob = await aClient(); ; bob = await aClient()) {
    if (shardOf(bob) !== shardOf(alice)) return [alice, bob];
  }
}

test('a message reaches the device that it is for, with its sender and type, and no other', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  const laptop = await anotherDevice(bob);
  expect(await send(alice, to(laptop, 1), 'a', 'm.room_key_request')).toMatchObject({ status: 200, body: {} });
  expect((await laptop.sync()).to_device).toEqual({
    events: [{ type: 'm.room_key_request', sender: alice.userId, content: { n: 1 } }],
  });
  expect(await bob.sync()).not.toHaveProperty('to_device');
});

test('it is told until the device comes with the token, and then no more', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  const { next: since } = await receive(bob);
  await sent200(alice, to(bob, 1));
  const first = await receive(bob, since);
  expect(first.numbers).toEqual([1]);
  expect((await receive(bob, since)).numbers).toEqual([1]);
  expect((await receive(bob)).numbers).toEqual([1]);
  await evict(bob);
  expect((await receive(bob, since)).numbers).toEqual([1]);
  expect((await receive(bob, first.next)).numbers).toEqual([]);
  expect((await receive(bob, since)).numbers).toEqual([]);
  expect((await receive(bob)).numbers).toEqual([]);
});

test('a hundred are told at a time, in order, and the rest at once after', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  for (let n = 0; n < 130; n += 1) await sent200(alice, to(bob, n));
  const first = await receive(bob);
  expect(first.numbers).toEqual(Array.from({ length: 100 }, (_, n) => n));
  const second = await receive(bob, first.next, '30000');
  expect(second.numbers).toEqual(Array.from({ length: 30 }, (_, n) => 100 + n));
  expect((await receive(bob, second.next)).numbers).toEqual([]);
});

test.each(['in the same shard', 'in another shard'])('a waiting sync is woken, %s', async (where) => {
  const [alice, bob] = where === 'in another shard' ? await twoOfOtherShards() : [await aClient(), await aClient()];
  const { next: since } = await receive(bob);
  const waiting = receive(bob, since, '30000');
  await sent200(alice, to(bob, 7));
  expect((await waiting).numbers).toEqual([7]);
});

test('* is every device of the user, those left out for which there is another message', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  const laptop = await anotherDevice(bob);
  await sent200(alice, { [bob.userId]: { '*': { n: 1 }, [laptop.deviceId]: { n: 2 } } });
  expect((await receive(bob)).numbers).toEqual([1]);
  expect((await receive(laptop)).numbers).toEqual([2]);
});

test('users and devices that are not there are passed over', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  await sent200(alice, {
    [bob.userId]: { NOWHERE: { n: 1 }, [bob.deviceId]: { n: 2 } },
    '@nobody-at-all:eyrie.test': { '*': { n: 3 } },
  });
  expect((await receive(bob)).numbers).toEqual([2]);
  await sent200(alice, {});
});

test('a transaction ID counts once for a device and a type, whatever comes with it, also after a restart', async () => {
  const [alice, bob] = await twoOfOtherShards();
  const phone = await anotherDevice(alice);
  const both = (n: number) => ({ ...to(alice, n), ...to(bob, n) });
  await sent200(alice, both(1), 'same');
  await Promise.all([evict(alice), evict(bob)]);
  await sent200(alice, both(2), 'same');
  await sent200(alice, to(bob, 3), 'same');
  await sent200(phone, to(bob, 4), 'same');
  expect(await send(alice, to(bob, 5), 'same', 'm.other')).toMatchObject({ status: 200 });
  expect((await receive(bob)).numbers).toEqual([1, 4, 5]);
  expect((await receive(alice)).numbers).toEqual([1]);
});

test('what waits for a device goes with it, and a new one of the same name has none of it', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  const laptop = await anotherDevice(bob);
  await sent200(alice, to(laptop, 1));
  expect(await laptop.ask('POST', '/logout', {})).toMatchObject({ status: 200 });
  const body = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: bob.userId },
    password: 'correct horse',
    device_id: laptop.deviceId,
  };
  const again = await ask('POST', '/_matrix/client/v3/login', { body });
  const synced = await ask('GET', '/_matrix/client/v3/sync', { token: String(again.body['access_token']) });
  expect(synced.body).not.toHaveProperty('to_device');
});

test('nothing is kept for a user who is deactivated', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  await sent200(alice, to(bob, 1));
  const { token } = await anAdministrator();
  const path = `/_eyrie/admin/v1/users/${encodeURIComponent(bob.userId)}/deactivate`;
  expect((await ask('POST', path, { token, body: {} })).status).toBe(200);
  await sent200(alice, { [bob.userId]: { '*': { n: 2 }, [bob.deviceId]: { n: 3 } } });
  await runInDurableObject(stubs.userShard(shardOf(bob)), (_instance, { storage }) => {
    expect(storage.sql.exec('select * from to_device where user_id = ?', bob.userId).toArray()).toEqual([]);
  });
});

test('the older form of sync neither tells messages nor takes them as received', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  await sent200(alice, to(bob, 1));
  const { next } = { next: String((await bob.ask('GET', '/initialSync')).body['end']) };
  const events = await bob.ask('GET', `/events?from=${next}&timeout=0`);
  expect(events.body['chunk']).toEqual([]);
  expect((await receive(bob, String(events.body['end']))).numbers).toEqual([1]);
});

test('an application service sends for its users, with transaction IDs of its own', async () => {
  const appservice = await anAppservice();
  const user = await anOwnedUser(appservice);
  const bob = await aClient();
  const path = '/_matrix/client/v3/sendToDevice/m.test/one';
  for (const n of [1, 2]) {
    expect(await askAs(appservice, user, 'PUT', path, { messages: to(bob, n) })).toMatchObject({ status: 200 });
  }
  await sent200(bob, to(bob, 3), 'one');
  expect((await receive(bob)).numbers).toEqual([1, 3]);
});

const nested = { '@a:eyrie.test': { D: { n: 1.5 } } };
test.each<[string, unknown, string]>([
  ['without messages', {}, '400 M_MISSING_PARAM'],
  ['of no shape', { messages: [] }, '400 M_BAD_JSON'],
  ['to no user', { messages: { nobody: { D: {} } } }, '400 M_INVALID_PARAM'],
  ['to no devices', { messages: { '@a:eyrie.test': 'D' } }, '400 M_BAD_JSON'],
  ['with no content', { messages: { '@a:eyrie.test': { D: 'text' } } }, '400 M_BAD_JSON'],
  ['with a number that canonical JSON does not know', { messages: nested }, '400 M_BAD_JSON'],
  ['with a long device ID', { messages: { '@a:eyrie.test': { ['D'.repeat(256)]: {} } } }, '400 M_INVALID_PARAM'],
  ['that is too long', { messages: { '@a:eyrie.test': { D: { x: 'x'.repeat(64_000) } } } }, '413 M_TOO_LARGE'],
  [
    'to too many devices',
    { messages: { '@a:eyrie.test': Object.fromEntries(Array.from({ length: 1_001 }, (_, at) => [`D${at}`, {}])) } },
    '413 M_TOO_LARGE',
  ],
])('a request %s is refused', async (_what, body, expected) => {
  const alice = await aClient();
  const answer = await alice.ask('PUT', '/sendToDevice/m.test/bad', body);
  expect(`${answer.status} ${String(answer.body['errcode'])}`).toBe(expected);
});

test('a type that is too long is refused', async () => {
  const alice = await aClient();
  expect(await send(alice, {}, 'long', 'm'.repeat(256))).toMatchObject({ status: 400 });
});
