import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { aCrossSigningSet } from '../../../support/core/cross-signing.ts';
import { anAdministrator, ask } from '../../../support/worker/ask.ts';
import { aPeer, aRoom, federation, forgetPeers, joinFrom, type Peer } from '../../../support/worker/a-peer.ts';
import { aClient, type Client, type SyncBody } from '../../../support/worker/client.ts';
import { identityOf, publishKeys } from '../../../support/worker/device-keys.ts';

afterEach(forgetPeers);
vi.setConfig({ testTimeout: 30_000 });

const inChanged = (userId: string) => (body: SyncBody) => body.device_lists?.changed.includes(userId) === true;
const inLeft = (userId: string) => (body: SyncBody) => body.device_lists?.left.includes(userId) === true;

const PATIENT = { timeout: 15_000 };

const shardOf = ({ token }: Pick<Client, 'token'>) => (env as unknown as Env).USER.getByName(token.split('_')[1] ?? '');

/** What the peer was told of a type of EDU. */
const heard = (peer: Peer, type: string) =>
  peer.edus().flatMap(({ edu_type: of, content }) => (of === type ? [content as JsonObject] : []));

test('other servers in the rooms of a user are told of each change of a device, one after the other', async () => {
  const peer = aPeer();
  const alice = await aClient('alice');
  await joinFrom(peer, await aRoom(alice));
  await publishKeys(alice, 'first');
  const told = (count: number) =>
    vi.waitFor(() => {
      const all = heard(peer, 'm.device_list_update');
      expect(all).toHaveLength(count);
      return all;
    }, PATIENT);
  expect(await told(1)).toEqual([
    { user_id: alice.userId, device_id: alice.deviceId, stream_id: 1, prev_id: [], keys: identityOf(alice, 'first') },
  ]);
  await publishKeys(alice, 'second');
  expect((await told(2))[1]).toMatchObject({ stream_id: 2, prev_id: [1], keys: identityOf(alice, 'second') });
  await alice.ask('POST', '/logout', {});
  const gone = (await told(3))[2];
  expect(gone).toEqual({ user_id: alice.userId, device_id: alice.deviceId, stream_id: 3, prev_id: [2], deleted: true });
});

test('cross-signing keys go to other servers, which see them with the devices, and the user-signing key does not', async () => {
  const peer = aPeer();
  const alice = await aClient('alice');
  await joinFrom(peer, await aRoom(alice));
  const { body } = aCrossSigningSet(alice);
  await alice.ask('POST', '/keys/device_signing/upload', body);
  const { master_key: master, self_signing_key: selfSigning } = body;
  await vi.waitFor(() => {
    expect(heard(peer, 'm.signing_key_update')).toEqual([
      { user_id: alice.userId, master_key: master, self_signing_key: selfSigning },
    ]);
  }, PATIENT);
  const devices = await peer.ask('GET', `${federation}/user/devices/${encodeURIComponent(alice.userId)}`);
  expect(devices.body).toMatchObject({ master_key: master, self_signing_key: selfSigning });
  const keys = await peer.ask('POST', `${federation}/user/keys/query`, { device_keys: { [alice.userId]: [] } });
  expect(keys.body).toEqual({
    device_keys: { [alice.userId]: {} },
    master_keys: { [alice.userId]: master },
    self_signing_keys: { [alice.userId]: selfSigning },
  });
});

test('a server that was away is told afterwards, and one that shares no room is told nothing', async () => {
  const [peer, stranger] = [aPeer(), aPeer()];
  const alice = await aClient('alice');
  await joinFrom(peer, await aRoom(alice));
  peer.reply(`${federation}/send/`, () => new Response('away', { status: 502 }));
  await publishKeys(alice);
  await vi.waitFor(() => expect(heard(peer, 'm.device_list_update').length).toBeGreaterThan(0), PATIENT);
  const tried = heard(peer, 'm.device_list_update').length;
  peer.reply(`${federation}/send/`, () => ({ pdus: {} }));
  // Whoever is heard of is there again.
  await peer.send({});
  await vi.waitFor(() => expect(heard(peer, 'm.device_list_update').length).toBeGreaterThan(tried), PATIENT);
  expect(stranger.edus()).toEqual([]);
});

test.each(['m.device_list_update', 'm.signing_key_update'])(
  "%s of another server's user is news to whoever shares a room with them, and to nobody else",
  async (type) => {
    const peer = aPeer();
    const [alice, stranger] = [await aClient('alice'), await aClient('stranger')];
    const roomId = await aRoom(alice);
    await aRoom(stranger);
    const { userId } = await joinFrom(peer, roomId);
    const { next_batch: since } = await alice.syncUntil(({ rooms }) =>
      JSON.stringify(rooms?.join?.[roomId] ?? '').includes(userId),
    );
    const { next_batch: before } = await stranger.sync();
    const waiting = alice.sync({ since, timeout: '20000', filter: { presence: { types: [] } } });
    const content = { user_id: userId, device_id: 'ONE', stream_id: 7, prev_id: [6] };
    expect(await peer.send({ edus: [{ edu_type: type, content }] })).toMatchObject({ status: 200 });
    expect((await waiting).device_lists).toEqual({ changed: [userId], left: [] });
    expect((await stranger.sync({ since: before })).device_lists).toBeUndefined();
  },
);

test('updates of users of another server, of users whom nobody here knows, and such as are none change nothing', async () => {
  const peer = aPeer();
  const alice = await aClient('alice');
  const roomId = await aRoom(alice);
  const { userId } = await joinFrom(peer, roomId);
  const { next_batch: since } = await alice.syncUntil(({ rooms }) =>
    JSON.stringify(rooms?.join?.[roomId] ?? '').includes(userId),
  );
  const contents = [{ user_id: alice.userId }, { user_id: peer.user('unknown') }, { user_id: 7 }, 'nothing'];
  const edus = contents.map((content) => ({ edu_type: 'm.device_list_update', content }));
  expect(await peer.send({ edus })).toMatchObject({ status: 200 });
  expect((await alice.sync({ since })).device_lists).toBeUndefined();
});

test("another server's user who comes is news, and who goes has left only with the last shared room", async () => {
  const peer = aPeer();
  const alice = await aClient('alice');
  const [one, two] = [await aRoom(alice), await aRoom(alice)];
  const { next_batch: since } = await alice.syncUntil(({ rooms }) => rooms?.join?.[two] !== undefined);
  const { userId } = await joinFrom(peer, one);
  const met = await alice.syncUntil(inChanged(userId), { since });
  await joinFrom(peer, two);
  const both = await alice.syncUntil(inChanged(userId), { since: met.next_batch });
  const kick = (roomId: string) => alice.inRoom('POST', roomId, 'kick', { user_id: userId });
  await kick(one);
  const half = await alice.syncUntil(({ rooms }) => rooms?.join?.[one] !== undefined, { since: both.next_batch });
  expect(half.device_lists?.left ?? []).toEqual([]);
  await kick(two);
  const parted = await alice.syncUntil(inLeft(userId), { since: half.next_batch });
  expect(parted.device_lists).toEqual({ changed: [], left: [userId] });
});

test('after a restore other servers are told under a stream ID that follows on nothing that was lost', async () => {
  const peer = aPeer();
  const alice = await aClient('alice');
  await joinFrom(peer, await aRoom(alice));
  await publishKeys(alice, 'the key');
  await vi.waitFor(() => expect(heard(peer, 'm.device_list_update')).toHaveLength(1), PATIENT);
  const { token } = await anAdministrator();
  expect(await ask('POST', '/_eyrie/admin/v1/restored', { token })).toMatchObject({ status: 200 });
  await vi.waitFor(() => {
    expect(heard(peer, 'm.device_list_update')[1]).toMatchObject({
      device_id: alice.deviceId,
      stream_id: 1_000_001,
      keys: identityOf(alice, 'the key'),
    });
  }, PATIENT);
});

test('a server that asked and shares another room with us is told of later changes for a day, a stranger is not', async () => {
  const [asker, stranger] = [aPeer(), aPeer()];
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  await joinFrom(asker, await aRoom(bob));
  for (const peer of [asker, stranger]) {
    await peer.ask('GET', `${federation}/user/devices/${encodeURIComponent(alice.userId)}`);
  }
  await publishKeys(alice, 'first');
  await vi.waitFor(() => expect(heard(asker, 'm.device_list_update')).toHaveLength(1), PATIENT);
  await publishKeys(alice, 'second');
  await vi.waitFor(() => expect(heard(asker, 'm.device_list_update')).toHaveLength(2), PATIENT);
  await runInDurableObject(shardOf(alice), (_object, { storage }) => {
    storage.sql.exec('update device_list_trackers set at = at - 86400000');
  });
  await publishKeys(alice, 'third');
  await vi.waitFor(async () => {
    const left = await runInDurableObject(shardOf(alice), (_object, { storage }) => [
      ...storage.sql.exec('select 1 from device_list_trackers where user_id = ?', alice.userId),
      ...storage.sql.exec('select 1 from device_list_outbox where user_id = ?', alice.userId),
    ]);
    expect(left).toEqual([]);
  }, PATIENT);
  expect(heard(asker, 'm.device_list_update')).toHaveLength(2);
  expect(stranger.edus()).toEqual([]);
});

test('for a server that is told of changes anyway nothing is noted when it asks', async () => {
  const peer = aPeer();
  const alice = await aClient('alice');
  await joinFrom(peer, await aRoom(alice));
  await publishKeys(alice);
  await vi.waitFor(() => expect(heard(peer, 'm.device_list_update')).toHaveLength(1), PATIENT);
  await peer.ask('GET', `${federation}/user/devices/${encodeURIComponent(alice.userId)}`);
  const noted = await runInDurableObject(shardOf(alice), (_object, { storage }) =>
    storage.sql.exec('select 1 from device_list_trackers where user_id = ?', alice.userId).toArray(),
  );
  expect(noted).toEqual([]);
});
