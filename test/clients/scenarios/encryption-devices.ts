import { DecryptionFailureCode } from 'matrix-js-sdk/lib/crypto-api/index.js';
import { describe, expect, test } from 'vitest';

import { type EncryptingClient, encryptingJsSdk, slidingEncryptingJsSdk } from '../sdk/encrypting-js-sdk.ts';
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
