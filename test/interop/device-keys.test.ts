import { describe, expect, test } from 'vitest';

import { aCrossSigningSet } from '../support/core/cross-signing.ts';
import { until } from '../support/node/until.ts';
import { FollowingClient } from './support/following-client.ts';
import { directions, usePair } from './support/pair.ts';
import { shareRoom } from './support/shared-room.ts';

const pair = usePair();

/** A Synapse looks once a minute for servers that it owes something to. */
const CATCH_UP_MS = 100_000;
const TEST_MS = 150_000;

async function devicesOf(asker: FollowingClient, { userId }: FollowingClient): Promise<readonly string[]> {
  const { device_keys: found } = await asker.request<{ device_keys: Record<string, Record<string, object>> }>(
    'POST',
    '/keys/query',
    { device_keys: { [userId]: [] }, timeout: 3_000 },
  );
  return Object.keys(found[userId] ?? {});
}

/** Publishes device keys and one-time keys. Servers do not check what they sign, only for whom they are. */
async function publishKeys(client: FollowingClient): Promise<void> {
  const { userId, deviceId } = client;
  const signatures = { [userId]: { [`ed25519:${deviceId}`]: 'c2lnbmF0dXJl' } };
  await client.request('POST', '/keys/upload', {
    device_keys: {
      user_id: userId,
      device_id: deviceId,
      algorithms: ['m.olm.v1.curve25519-aes-sha2', 'm.megolm.v1.aes-sha2'],
      keys: { [`curve25519:${deviceId}`]: `identity of ${deviceId}`, [`ed25519:${deviceId}`]: 'fingerprint' },
      signatures,
    },
    one_time_keys: {
      'signed_curve25519:AAAA0': { key: 'one-time key 0', signatures },
      'signed_curve25519:AAAA1': { key: 'one-time key 1', signatures },
    },
    fallback_keys: { 'signed_curve25519:AAAB': { key: 'fallback key', fallback: true, signatures } },
  });
}

type ClaimedKeys = Record<string, Record<string, Record<string, { key: string }>>>;

describe.each(directions())('$title', ({ host, joiner }) => {
  test("a remote user's device keys are queried, each one-time key is given out once, and then the fallback key", async () => {
    const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
    await publishKeys(bob);
    const { device_keys: devices } = await alice.request<{
      device_keys: Record<string, Record<string, { keys: Record<string, string> }>>;
    }>('POST', '/keys/query', { device_keys: { [bob.userId]: [] } });
    expect(devices[bob.userId]?.[bob.deviceId]?.keys[`curve25519:${bob.deviceId}`]).toBe(`identity of ${bob.deviceId}`);
    const claim = async (): Promise<string[]> => {
      const wanted = { [bob.userId]: { [bob.deviceId]: 'signed_curve25519' } };
      const { one_time_keys: claimed } = await alice.request<{ one_time_keys: ClaimedKeys }>('POST', '/keys/claim', {
        one_time_keys: wanted,
      });
      return Object.values(claimed[bob.userId]?.[bob.deviceId] ?? {}).map(({ key }) => key);
    };
    expect([...(await claim()), ...(await claim())].toSorted()).toEqual(['one-time key 0', 'one-time key 1']);
    expect(await claim()).toEqual(['fallback key']);
  });

  test('in a shared room devices are asked for, both ways', async () => {
    const { alice, bob } = await shareRoom(pair, { host, joiner });
    for (const [asker, owner] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      await publishKeys(owner);
      const devices = await until('the keys of the device', async () => {
        const { device_keys: found } = await asker.request<{ device_keys: Record<string, Record<string, object>> }>(
          'POST',
          '/keys/query',
          { device_keys: { [owner.userId]: [] } },
        );
        return found[owner.userId]?.[owner.deviceId] === undefined ? undefined : found[owner.userId];
      });
      expect(Object.keys(devices)).toEqual([owner.deviceId]);
      expect(devices[owner.deviceId]).toMatchObject({ user_id: owner.userId, device_id: owner.deviceId });
    }
  });

  test('a new device, and cross-signing keys, reach who shares a room with their user, who then sees them', async () => {
    const { alice, bob } = await shareRoom(pair, { host, joiner });
    for (const [watcher, owner] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      // What the join said of them has been read.
      await watcher.catchUp();
      watcher.forgetChangedDevices();
      await publishKeys(owner);
      await watcher.sees('that the devices changed', () => watcher.changedDevicesOf(owner.userId));
      watcher.forgetChangedDevices();
      const { body } = aCrossSigningSet(owner);
      await owner.request('POST', '/keys/device_signing/upload', { ...body });
      await watcher.sees('that the keys changed', () => watcher.changedDevicesOf(owner.userId));
      const keys = await until('the cross-signing keys', async () => {
        const found = await watcher.request<Record<string, Record<string, object>>>('POST', '/keys/query', {
          device_keys: { [owner.userId]: [] },
        });
        return found['self_signing_keys']?.[owner.userId] === undefined ? undefined : found;
      });
      expect(keys['master_keys']?.[owner.userId]).toMatchObject(body.master_key);
      expect(keys['self_signing_keys']?.[owner.userId]).toMatchObject(body.self_signing_key);
      expect(Object.keys(keys['device_keys']?.[owner.userId] ?? {})).toEqual([owner.deviceId]);
    }
  });

  test('keys that were asked for once can be had while their server is away', { timeout: TEST_MS }, async () => {
    const { alice, bob } = await shareRoom(pair, { host, joiner });
    await publishKeys(bob);
    await until('the keys of the device', async () => ((await devicesOf(alice, bob)).length === 1 ? true : undefined));
    const server = pair.server(joiner);
    await server.stop();
    expect(await devicesOf(alice, bob)).toEqual([bob.deviceId]);
    await server.start();
  });

  test(
    'a change that happens while a server is away reaches it, and what it keeps is right',
    { timeout: TEST_MS },
    async () => {
      const { alice, bob } = await shareRoom(pair, { host, joiner });
      await publishKeys(bob);
      await until('the keys of the device', async () =>
        (await devicesOf(alice, bob)).length === 1 ? true : undefined,
      );
      await alice.catchUp();
      alice.forgetChangedDevices();
      const server = pair.server(host);
      await server.stop();
      const other = await new FollowingClient(pair.server(joiner).clientUrl).login(bob.userId);
      await publishKeys(other);
      await server.start();
      await alice.sees('that the devices changed', () => alice.changedDevicesOf(bob.userId), CATCH_UP_MS);
      await until('the keys of both', async () => ((await devicesOf(alice, bob)).length === 2 ? true : undefined));
      // The new device is among what is kept, too.
      await pair.server(joiner).stop();
      expect((await devicesOf(alice, bob)).toSorted()).toEqual([bob.deviceId, other.deviceId].toSorted());
      await pair.server(joiner).start();
    },
  );
});

describe.each(directions().filter(({ joiner }) => pair.software[joiner] === 'eyrie'))('$title', ({ host, joiner }) => {
  test(
    'a server whose room a user joins has the keys of their devices, though nobody asked and nothing changed',
    { timeout: TEST_MS },
    async () => {
      const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
      await publishKeys(bob);
      const roomId = await alice.createRoom({ preset: 'private_chat', invite: [bob.userId] });
      await bob.seesInvite(roomId);
      await bob.join(roomId);
      await alice.seesMembership(roomId, bob.userId, 'join');
      await alice.catchUp();
      alice.forgetChangedDevices();
      await alice.sees('what is told of who joined', () => alice.changedDevicesOf(bob.userId));
      const server = pair.server(joiner);
      await server.stop();
      expect(await devicesOf(alice, bob)).toEqual([bob.deviceId]);
      await server.start();
    },
  );
});
