import { Attachment, EncryptedAttachment } from '@matrix-org/matrix-sdk-crypto-wasm';
import { describe, expect, test } from 'vitest';

import { encryptingJsSdk, type EncryptingClient } from '../sdk/encrypting-js-sdk.ts';
import { aPicture } from '../support/a-picture.ts';
import { compareEmoji, knowsDevice, readBy, requestOf, say, shareEncryptedRoom } from '../support/encryption.ts';
import { sees, type World } from '../support/world.ts';

/** What people do in encrypted rooms, from either side to the other. */
export function encryption(world: World): void {
  describe.each(world.ways())('encryption: $title', (way) => {
    test('messages, edits, reactions and pictures are read by the other, and not by the servers', async () => {
      const { alice, bob, roomId } = await shareEncryptedRoom(world, way);
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        const root = await say('a secret: grüße, 🦅', { from, to: [to], roomId });
        const edit = await from.sendEvent(roomId, 'm.room.message', {
          msgtype: 'm.text',
          body: '* better',
          'm.new_content': { msgtype: 'm.text', body: 'better' },
          'm.relates_to': { rel_type: 'm.replace', event_id: root },
        });
        await sees('the edit', async () => (await to.read(roomId, root))?.content['body'] === 'better');
        const relation = { rel_type: 'm.annotation', event_id: root, key: '👍' };
        await to.sendEvent(roomId, 'm.reaction', { 'm.relates_to': relation });
        await sees('the reaction', async () => {
          const reactions = from.room(roomId).relations.getChildEventsForEvent(root, 'm.annotation', 'm.reaction');
          return reactions?.getSortedAnnotationsByKey()?.some(([key]) => key === '👍');
        });
        const picture = await sendPicture(from, roomId);
        expect(Buffer.from(await pictureOf(to, roomId, picture)).equals(aPicture())).toBe(true);
        for (const id of [root, edit, picture]) {
          const kept = await to.event(roomId, id);
          expect(kept.type).toBe('m.room.encrypted');
          expect(JSON.stringify(kept)).not.toMatch(/secret|better|meadow/);
        }
      }
    });

    test('a second device recovers with the recovery key, reads the history and is encrypted for', async () => {
      const { alice, bob, roomId } = await shareEncryptedRoom(world, way);
      const recoveryKey = await bob.setUpRecovery();
      const earlier = [
        await say('from alice', { from: alice, to: [bob], roomId }),
        await say('from bob', { from: bob, to: [alice], roomId }),
      ];
      await sees('both keys in the backup', async () => (await bob.backedUp()) === 2);
      const second = await world.login(encryptingJsSdk, way.to, bob.userId);
      await second.start();
      for (const id of earlier) await sees('it unreadable', () => second.unreadable(roomId, id));
      expect(await second.recover(recoveryKey)).toBe(2);
      for (const id of earlier) await readBy(second, roomId, id);
      await sees('the device signed', async () => {
        const status = await alice.crypto.getDeviceVerificationStatus(bob.userId, second.credentials.deviceId);
        return status?.signedByOwner;
      });
      await say('now to both', { from: alice, to: [bob, second], roomId });
      await say('from the second', { from: second, to: [alice, bob], roomId });
    });

    test('two users compare emoji, in the room and from device to device, and are verified for each other', async () => {
      const { alice, bob, roomId } = await shareEncryptedRoom(world, way);
      for (const client of [alice, bob]) await client.crossSign();
      await say('who are you?', { from: alice, to: [bob], roomId });
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        await sees('the keys', async () => from.crypto.userHasCrossSigningKeys(to.userId, true));
      }
      const verified = async (by: EncryptingClient, of: EncryptingClient) =>
        (await by.crypto.getUserVerificationStatus(of.userId)).isVerified();
      expect(await verified(alice, bob)).toBe(false);
      await compareEmoji(
        await alice.crypto.requestVerificationDM(bob.userId, roomId),
        await requestOf(bob, alice.userId),
      );
      await sees('Bob to be verified', () => verified(alice, bob));
      await sees('Alice to be verified', () => verified(bob, alice));
      const { deviceId } = alice.credentials;
      const asking = await bob.crypto.requestDeviceVerification(alice.userId, deviceId);
      await compareEmoji(asking, await requestOf(alice, bob.userId));
    });
  });

  test('messages of encrypted rooms go on after a server was restarted, also for a device that is new then', async () => {
    const last = world.software.length - 1;
    const { alice, bob, roomId } = await shareEncryptedRoom(world, { from: 0, to: last });
    const recoveryKey = await bob.setUpRecovery();
    await say('before', { from: alice, to: [bob], roomId });
    await say('before, too', { from: bob, to: [alice], roomId });
    await world.server(last).stop();
    await world.server(last).start();
    for (const { client } of [alice, bob]) client.retryImmediately(); // as where the network is back
    await say('after', { from: alice, to: [bob], roomId });
    await say('after, too', { from: bob, to: [alice], roomId });
    const second = await world.login(encryptingJsSdk, last, bob.userId);
    await second.start();
    await second.recover(recoveryKey);
    await knowsDevice(alice, second);
    await say('to the new one', { from: alice, to: [bob, second], roomId });
  });
}

/** Sends a picture that only who reads the message can see. */
async function sendPicture(from: EncryptingClient, roomId: string): Promise<string> {
  const locked = Attachment.encrypt(aPicture());
  const bytes = new Uint8Array(locked.encryptedData);
  const url = await from.upload({ bytes, type: 'application/octet-stream', name: 'locked' });
  const file = { ...(JSON.parse(locked.mediaEncryptionInfo ?? '') as object), url };
  return from.sendEvent(roomId, 'm.room.message', { msgtype: 'm.image', body: 'meadow.png', file });
}

async function pictureOf(to: EncryptingClient, roomId: string, eventId: string): Promise<Uint8Array> {
  const { file } = (await readBy(to, roomId, eventId)).content;
  const { bytes } = await to.download((file as { url: string }).url);
  return Attachment.decrypt(new EncryptedAttachment(bytes, JSON.stringify(file)));
}
