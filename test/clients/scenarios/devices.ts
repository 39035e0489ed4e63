import { describe, expect, test } from 'vitest';

import { JsSdkClient, jsSdk } from '../sdk/js-sdk.ts';
import { sees, type World } from '../support/world.ts';

/** Messages from device to device, by what matrix-js-sdk has for it. */
export function devices(world: World): void {
  const aDevice = async (name: string, server: number): Promise<JsSdkClient> => {
    const client = await world.user({ sdk: jsSdk, server }, name);
    if (client instanceof JsSdkClient) return client;
    throw new Error('not of this library');
  };

  const send = ({ client }: JsSdkClient, to: JsSdkClient, deviceId: string, n: number) =>
    client.sendToDevice('org.example.test', new Map([[to.userId, new Map([[deviceId, { n }]])]]));

  const last = world.software.length - 1;
  const ways = last === 0 ? [[0, 0]] : [0, last].map((from) => [from, last - from]);

  describe.each(ways)('messages to devices: matrix-js-sdk, from server %i to server %i', (from = 0, to = 0) => {
    test('they come in order, each once, to one device or to all', async () => {
      const [alice, bob] = [await aDevice('alice', from), await aDevice('bob', to)];
      await send(alice, bob, bob.credentials.deviceId, 1);
      await send(alice, bob, '*', 2);
      await send(alice, bob, 'NOWHERE', 3);
      await send(alice, bob, bob.credentials.deviceId, 4);
      await sees('the last message', async () => bob.toDevice.length >= 3);
      expect(bob.toDevice).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }]);
    });

    test('what came while the client was not there is told when it is back', async () => {
      const [alice, bob] = [await aDevice('alice', from), await aDevice('bob', to)];
      await send(alice, bob, '*', 0);
      await sees('the first message', async () => bob.toDevice.length === 1);
      await bob.stop();
      for (let n = 1; n <= 5; n += 1) await send(alice, bob, bob.credentials.deviceId, n);
      await bob.start();
      await sees('the messages', async () => bob.toDevice.length >= 6);
      expect(bob.toDevice.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5]);
    });
  });
}
