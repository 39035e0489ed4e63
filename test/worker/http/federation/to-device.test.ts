import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';

import { readConfig, type Env } from '../../../../src/config.ts';
import { federationOf } from '../../../../src/durable/federation.ts';
import { Destination } from '../../../../src/durable/destination/destination.ts';
import { objectStubs } from '../../../../src/durable/objects.ts';
import { User } from '../../../../src/durable/user/user.ts';
import { aPeer, forgetPeers, type Peer } from '../../../support/worker/a-peer.ts';
import { aClient, type Client } from '../../../support/worker/client.ts';
import { eventually } from '../../../support/worker/eventually.ts';
import { receive, send, sent200 } from '../../../support/worker/to-device.ts';

const bindings = env as unknown as Env;
const config = readConfig(bindings);
const stubs = objectStubs(bindings, config);

afterEach(forgetPeers);

let ids = 0;

const anEdu = (peer: Peer, to: Client, n: number, changes: object = {}) => {
  ids += 1;
  const messages = { [to.userId]: { [to.deviceId]: { n } } };
  const content = { sender: peer.user('eve'), type: 'm.test', message_id: `id${ids}`, messages, ...changes };
  return { edu_type: 'm.direct_to_device', content };
};

const shardOf = ({ token }: Client) => token.split('_')[1] ?? '';

test('messages of another server reach a device in their order, and wake it', async () => {
  const [peer, bob] = [aPeer(), await aClient()];
  const { next: since } = await receive(bob);
  const waiting = receive(bob, since, '30000');
  const edus = Array.from({ length: 20 }, (_, n) => anEdu(peer, bob, n));
  expect(await peer.send({ edus })).toMatchObject({ status: 200, body: { pdus: {} } });
  expect((await waiting).numbers).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect((await bob.sync()).to_device?.events[0]).toMatchObject({ sender: peer.user('eve'), type: 'm.test' });
});

test('one that is repeated comes once, also after a restart', async () => {
  const [peer, bob] = [aPeer(), await aClient()];
  const edu = anEdu(peer, bob, 1);
  await peer.send({ edus: [edu, edu] });
  const first = await receive(bob);
  expect(first.numbers).toEqual([1]);
  await evictDurableObject(stubs.userShard(shardOf(bob)));
  await peer.send({ edus: [edu, anEdu(peer, bob, 2)] });
  expect((await receive(bob, first.next)).numbers).toEqual([2]);
});

test('for who is not there nothing is kept, and another server speaks for nobody else', async () => {
  const [peer, bob] = [aPeer(), await aClient()];
  const rows = () =>
    runInDurableObject(
      stubs.userShard(shardOf(bob)),
      (_instance, { storage }) =>
        storage.sql.exec<{ n: number }>('select count(*) as n from to_device_received').one().n,
    );
  const before = await rows();
  const edus = [
    anEdu(peer, { ...bob, deviceId: 'NOWHERE' }, 1),
    anEdu(peer, { ...bob, userId: '@nobody-there:eyrie.test' }, 2),
    anEdu(peer, bob, 3, { sender: bob.userId }),
  ];
  expect(await peer.send({ edus })).toMatchObject({ status: 200 });
  expect((await receive(bob)).numbers).toEqual([]);
  expect(await rows()).toBe(before);
});

test('where they cannot be kept the server is told to send them again', async () => {
  const [peer, bob] = [aPeer(), await aClient()];
  const edu = anEdu(peer, bob, 1);
  const refusal = { status: 503, errcode: 'M_UNKNOWN', message: 'away', extra: {} };
  const away = vi.spyOn(User.prototype, 'receiveMessages').mockResolvedValue({ ok: false, refusal });
  expect(await peer.send({ edus: [edu] })).toMatchObject({ status: 503 });
  away.mockRestore();
  expect(await peer.send({ edus: [edu] })).toMatchObject({ status: 200 });
  expect((await receive(bob)).numbers).toEqual([1]);
});

test('messages to users of another server leave as EDUs, once', async () => {
  const [peer, alice] = [aPeer(), await aClient()];
  const [eve, mallory] = [peer.user('eve'), peer.user('mallory')];
  await sent200(alice, { [eve]: { A: { n: 1 }, B: { n: 2 } }, [mallory]: { '*': { n: 3 } } }, 'once');
  await eventually(() => expect(peer.edus()).toHaveLength(1));
  await sent200(alice, { [eve]: { A: { n: 1 }, B: { n: 2 } }, [mallory]: { '*': { n: 3 } } }, 'once');
  await sent200(alice, { [eve]: { A: { n: 4 } } });
  await eventually(() => expect(peer.edus()).toHaveLength(2));
  const [{ content }] = peer.edus() as unknown as [{ content: { message_id: string } }];
  expect(content).toEqual({
    sender: alice.userId,
    type: 'm.test',
    message_id: expect.stringMatching(/^.{1,32}$/),
    messages: { [eve]: { A: { n: 1 }, B: { n: 2 } }, [mallory]: { '*': { n: 3 } } },
  });
});

test('a request that failed half-way is repeated without a message twice', async () => {
  const [peer, alice, bob] = [aPeer(), await aClient(), await aClient()];
  const eve = peer.user('eve');
  const messages = { [eve]: { A: { n: 1 } }, [alice.userId]: { '*': { n: 1 } }, [bob.userId]: { '*': { n: 1 } } };
  const refusal = { status: 503, errcode: 'M_UNKNOWN', message: 'away', extra: {} };
  const away = vi.spyOn(Destination.prototype, 'keepEdus').mockResolvedValue({ ok: false, refusal });
  expect(await send(alice, messages, 'again')).toMatchObject({ status: 503 });
  away.mockRestore();
  await sent200(alice, messages, 'again');
  await sent200(alice, messages, 'again');
  expect((await receive(alice)).numbers).toEqual([1]);
  expect((await receive(bob)).numbers).toEqual([1]);
  await eventually(() => expect(peer.edus()).toHaveLength(1));
});

test('a server that is away gets them when it is back, in order, whatever restarts meanwhile', async () => {
  const [peer, alice] = [aPeer(), await aClient()];
  const eve = peer.user('eve');
  let isAway = true;
  const taken: unknown[] = [];
  peer.reply('/_matrix/federation/v1/send/', ({ body }) => {
    if (isAway) return new Response(null, { status: 502 });
    for (const edu of (body?.['edus'] ?? []) as unknown as {
      content: { messages: Record<string, { A: { n: number } }> };
    }[]) {
      taken.push(edu.content.messages[eve]?.A.n);
    }
    return { pdus: {} };
  });
  for (let n = 0; n < 5; n += 1) {
    await sent200(alice, { [eve]: { A: { n } } });
    await evictDurableObject(stubs.destination(peer.server.name));
  }
  isAway = false;
  await federationOf(bindings, config).destinations.wake(peer.server.name);
  await eventually(() => expect(taken).toEqual([0, 1, 2, 3, 4]));
  await eventually(() =>
    runInDurableObject(stubs.destination(peer.server.name), (_instance, { storage }) => {
      expect(storage.sql.exec('select * from kept_edus').toArray()).toEqual([]);
    }),
  );
});
