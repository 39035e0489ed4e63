import { DecryptionFailureCode } from 'matrix-js-sdk/lib/crypto-api/index.js';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { type EncryptingClient, encryptingJsSdk, slidingEncryptingJsSdk } from '../sdk/encrypting-js-sdk.ts';
import { type JsSdkClient, jsSdk } from '../sdk/js-sdk.ts';
import {
  compareEmoji,
  knows,
  knowsDevice,
  knowsOfEncryption,
  readBy,
  requestOf,
  say,
  shareEncryptedRoom,
} from '../support/encryption.ts';
import { sees, type World } from '../support/world.ts';
import { until } from '../../support/node/until.ts';

/** What the Rust implementation keeps at the server. */
const ONE_TIME_KEYS = 50;
/** After so long it replaces a fallback key that was used. */
const KEPT_MS = 8 * 24 * 3_600_000;
const LONGER_THAN_A_POLL_MS = 45_000;

/** What becomes of keys when devices come, go and are away. */
export function encryptionDevices(world: World): void {
  const anotherDevice = async (userId: string, sdk = encryptingJsSdk): Promise<EncryptingClient> => {
    const device = await world.login(sdk, 0, userId);
    await device.start();
    return device;
  };

  const comeIn = async (client: EncryptingClient, roomId: string, others: EncryptingClient[]): Promise<void> => {
    await sees('the invitation', async () => (await client.membership(roomId)) === 'invite');
    await client.join(roomId);
    for (const one of [client, ...others]) {
      await sees(`the join at ${one.userId}`, async () => (await one.membershipOf(roomId, client.userId)) === 'join');
    }
    await knowsOfEncryption(client, roomId);
  };

  describe('encryption: devices', () => {
    test('a device that its user verifies by emoji is given the secrets, and reads the history', async () => {
      const { alice, bob, roomId } = await shareEncryptedRoom(world);
      await bob.setUpRecovery();
      const earlier = await say('long ago', { from: alice, to: [bob], roomId });
      await sees('the key in the backup', async () => (await bob.backedUp()) === 1);
      const second = await anotherDevice(bob.userId);
      await sees('it unreadable', () => second.unreadable(roomId, earlier));
      await sees('the identity', () => second.crypto.userHasCrossSigningKeys(bob.userId, true));
      await compareEmoji(await second.crypto.requestOwnUserVerification(), await requestOf(bob, bob.userId));
      await sees('the secrets', async () => {
        const { privateKeysCachedLocally: held } = await second.crypto.getCrossSigningStatus();
        return held.masterKey && held.selfSigningKey && held.userSigningKey;
      });
      await readBy(second, roomId, earlier);
      await sees('the device signed', async () => {
        const status = await alice.crypto.getDeviceVerificationStatus(bob.userId, second.credentials.deviceId);
        return status?.signedByOwner;
      });
    });

    test('who comes later reads what was before only if it was shared', async () => {
      const { alice, bob, roomId } = await shareEncryptedRoom(world);
      const earlier = await say('before', { from: bob, to: [alice], roomId });
      const [carol, dave] = await Promise.all(
        ['carol', 'dave'].map((name) => world.user({ sdk: encryptingJsSdk, server: 0 }, name)),
      );
      if (carol === undefined || dave === undefined) throw new Error('unreachable');
      await alice.invite(roomId, carol.userId); // who has no cross-signing keys shares nothing
      await comeIn(carol, roomId, [alice]);
      await say('now', { from: alice, to: [bob, carol], roomId });
      expect(await carol.event(roomId, earlier)).toMatchObject({ type: 'm.room.encrypted' });
      await carol.client.scrollback(carol.room(roomId));
      await sees('it unreadable', () => carol.unreadable(roomId, earlier));
      await Promise.all([alice.crossSign(), dave.crossSign()]);
      await alice.invite(roomId, dave.userId);
      await comeIn(dave, roomId, [bob]);
      await dave.client.scrollback(dave.room(roomId));
      await readBy(dave, roomId, earlier);
      await say('welcome', { from: bob, to: [alice, carol, dave], roomId });
    });

    test('a device that logged out is not encrypted for any more, nor is who was removed', async () => {
      const { alice, bob, roomId } = await shareEncryptedRoom(world);
      const second = await anotherDevice(bob.userId);
      await knowsDevice(alice, second);
      const sessionOf = async (eventId: string) => (await alice.event(roomId, eventId)).content['session_id'];
      const recipients = () => {
        const sent = alice.line.sentTo('/sendToDevice/m.room.encrypted/').slice(before);
        return sent.flatMap((body) => {
          const { messages } = body as { messages: Record<string, Record<string, unknown>> };
          return Object.entries(messages).flatMap(([userId, to]) => Object.keys(to).map((id) => `${userId} ${id}`));
        });
      };
      let before = 0;
      const nameOf = ({ userId, credentials }: EncryptingClient) => `${userId} ${credentials.deviceId}`;
      const first = await say('to both', { from: alice, to: [bob, second], roomId });
      expect(recipients().toSorted()).toEqual([nameOf(bob), nameOf(second)].toSorted());
      await second.logout();
      await sees('the device to be gone', async () => !(await knows(alice, second)));
      before = alice.line.sentTo('/sendToDevice/m.room.encrypted/').length;
      const next = await say('to one', { from: alice, to: [bob], roomId });
      expect(recipients()).toEqual([nameOf(bob)]);
      expect(await sessionOf(next)).not.toBe(await sessionOf(first));
      await alice.kick(roomId, bob.userId, 'enough');
      await sees('the kick', async () => (await alice.membershipOf(roomId, bob.userId)) === 'leave');
      before = alice.line.sentTo('/sendToDevice/m.room.encrypted/').length;
      const last = await alice.sendText(roomId, 'to nobody');
      expect(recipients()).toEqual([]);
      expect(await sessionOf(last)).not.toBe(await sessionOf(next));
    });

    test('a key that is withheld from a device that is not verified is told to be', async () => {
      const { alice, bob, roomId } = await shareEncryptedRoom(world);
      alice.crypto.globalBlacklistUnverifiedDevices = true;
      const secret = await alice.sendText(roomId, 'for known devices');
      await sees('why it is unreadable', async () => {
        const reason = await bob.unreadable(roomId, secret);
        return reason === DecryptionFailureCode.MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE;
      });
      await alice.crypto.setDeviceVerified(bob.userId, bob.credentials.deviceId);
      await say('for you', { from: alice, to: [bob], roomId });
    });

    test('a new identity of somebody is noticed by others', async () => {
      const { alice, bob, roomId } = await shareEncryptedRoom(world);
      await alice.crossSign();
      await say('it is me', { from: alice, to: [bob], roomId });
      await sees('the identity', () => bob.crypto.userHasCrossSigningKeys(alice.userId, true));
      const status = () => bob.crypto.getUserVerificationStatus(alice.userId);
      expect((await status()).needsUserApproval).toBe(false);
      await alice.crossSign({ anew: true });
      await sees('the other identity', async () => (await status()).needsUserApproval);
      await bob.crypto.pinCurrentUserIdentity(alice.userId);
      await say('go on', { from: bob, to: [alice], roomId });
    });

    test.each([
      ['sync', encryptingJsSdk],
      ['sliding sync', slidingEncryptingJsSdk],
    ])('without one-time keys the fallback key is used, and both are replaced after it: %s', async (_, sdk) => {
      const { alice, bob, roomId } = await shareEncryptedRoom(world);
      const thief = await world.user({ sdk: jsSdk, server: 0 }, 'thief');
      const device = await anotherDevice(bob.userId, sdk);
      await knowsOfEncryption(device, roomId);
      const { deviceId } = device.credentials;
      const used = new Set<string>();
      const claimAll = async (): Promise<string> => {
        for (let claims = 0; claims <= ONE_TIME_KEYS; claims += 1) {
          const [keyId, isFallback] = await claim(thief, bob.userId, deviceId);
          if (isFallback) return keyId;
          expect(used.has(keyId)).toBe(false);
          used.add(keyId);
        }
        throw new Error('there were more one-time keys than there can be');
      };
      await sees('the keys', async () => (await device.oneTimeKeys()) === ONE_TIME_KEYS);
      device.line.cut();
      const fallback = await claimAll();
      expect(used.size).toBe(ONE_TIME_KEYS);
      const sent = await alice.sendText(roomId, 'by the fallback key');
      await readBy(bob, roomId, sent);
      const later = vi
        .spyOn(Date, 'now')
        .mockImplementation(() => performance.timeOrigin + performance.now() + KEPT_MS);
      onTestFinished(() => later.mockRestore());
      device.line.restore();
      await readBy(device, roomId, sent);
      // A key that somebody takes meanwhile ends no poll: the device hears that one is missing when its poll is over.
      await until('new keys', async () => (await device.oneTimeKeys()) === ONE_TIME_KEYS, LONGER_THAN_A_POLL_MS);
      device.line.cut();
      expect(await claimAll()).not.toBe(fallback);
    });

    test('over sliding sync messages, new devices and those that go are known, and history is recovered', async () => {
      const { alice, bob, roomId } = await shareEncryptedRoom(world);
      const recoveryKey = await bob.setUpRecovery();
      const earlier = await say('earlier', { from: alice, to: [bob], roomId });
      await sees('the key in the backup', async () => (await bob.backedUp()) === 1);
      const sliding = await anotherDevice(bob.userId, slidingEncryptingJsSdk);
      await knowsOfEncryption(sliding, roomId);
      await sliding.recover(recoveryKey);
      await readBy(sliding, roomId, earlier);
      await say('to both', { from: alice, to: [bob, sliding], roomId });
      await say('from there', { from: sliding, to: [alice, bob], roomId });
      const another = await anotherDevice(alice.userId);
      await knowsOfEncryption(another, roomId);
      await knowsDevice(sliding, another);
      await say('to the new one', { from: sliding, to: [alice, another, bob], roomId });
      await another.logout();
      await sees('it to be gone', async () => !(await knows(sliding, another)));
      await say('without it', { from: sliding, to: [alice, bob], roomId });
    });
  });
}

/** Takes a key of a device, as who wants to write to it does. @returns its ID, and whether it is the fallback key. */
async function claim(by: JsSdkClient, userId: string, deviceId: string): Promise<[string, boolean]> {
  const { one_time_keys: keys } = await by.client.claimOneTimeKeys([[userId, deviceId]], 'signed_curve25519');
  const [[keyId, key] = []] = Object.entries(keys[userId]?.[deviceId] ?? {});
  if (keyId === undefined) throw new Error('no key was given');
  return [keyId, (key as { fallback?: boolean }).fallback === true];
}
