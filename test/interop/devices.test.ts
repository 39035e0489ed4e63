import { describe, expect, test } from 'vitest';

import type { FollowingClient } from './support/following-client.ts';
import { directions, usePair } from './support/pair.ts';
import { shareRoom } from './support/shared-room.ts';

const pair = usePair();

/** Publishes device keys and one-time keys. Servers do not check what they sign, only for whom they are. */
async function publishKeys(client: FollowingClient, oneTimeKeys: number): Promise<void> {
  const { userId, deviceId } = client;
  const signatures = { [userId]: { [`ed25519:${deviceId}`]: 'c2lnbmF0dXJl' } };
  const keys = { [`curve25519:${deviceId}`]: `identity of ${deviceId}`, [`ed25519:${deviceId}`]: 'fingerprint' };
  const algorithms = ['m.olm.v1.curve25519-aes-sha2', 'm.megolm.v1.aes-sha2'];
  const oneTime = Array.from({ length: oneTimeKeys }, (_, index) => [
    `signed_curve25519:AAAA${index}`,
    { key: `one-time key ${index}`, signatures },
  ]);
  await client.request('POST', '/keys/upload', {
    device_keys: { user_id: userId, device_id: deviceId, algorithms, keys, signatures },
    one_time_keys: Object.fromEntries(oneTime),
  });
}

interface QueriedKeys {
  device_keys: Record<string, Record<string, { keys: Record<string, string> }>>;
}

describe.each(directions())('$title', (direction) => {
  test("a remote user's device keys are queried, and each one-time key is given out once", async () => {
    const { alice, bob } = await shareRoom(pair, direction);
    await publishKeys(bob, 2);
    const query = { device_keys: { [bob.userId]: [] } };
    await alice.sees('that the devices changed', () => alice.changedDevicesOf(bob.userId));
    const { device_keys: devices } = await alice.request<QueriedKeys>('POST', '/keys/query', query);
    expect(devices[bob.userId]?.[bob.deviceId]?.keys[`curve25519:${bob.deviceId}`]).toBe(`identity of ${bob.deviceId}`);

    const claim = async (): Promise<string[]> => {
      const { one_time_keys: claimed } = await alice.request<{
        one_time_keys: Record<string, Record<string, Record<string, { key: string }>>>;
      }>('POST', '/keys/claim', { one_time_keys: { [bob.userId]: { [bob.deviceId]: 'signed_curve25519' } } });
      return Object.values(claimed[bob.userId]?.[bob.deviceId] ?? {}).map(({ key }) => key);
    };
    const claimed = [await claim(), await claim()].flat();
    expect(claimed.toSorted()).toEqual(['one-time key 0', 'one-time key 1']);
    expect(await claim()).toEqual([]);
  });

  test('a message to a device of a remote user arrives once, and in order', async () => {
    const { alice, bob } = await shareRoom(pair, direction);
    const send = (body: string, txnId: string) =>
      alice.request('PUT', `/sendToDevice/com.example.note/${txnId}`, {
        messages: { [bob.userId]: { [bob.deviceId]: { body } } },
      });
    const wanted = Array.from({ length: 10 }, (_, index) => `note ${index}`);
    for (const body of wanted) {
      const txnId = alice.nextTxnId();
      await send(body, txnId);
      await send(body, txnId);
    }
    await bob.sees('the last note', () => bob.toDevice.some(({ content }) => content['body'] === wanted.at(-1)));
    expect(bob.toDevice.map(({ sender, content }) => [sender, content['body']])).toEqual(
      wanted.map((body) => [alice.userId, body]),
    );
  });
});
