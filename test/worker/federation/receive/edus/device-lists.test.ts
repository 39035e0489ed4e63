import { expect, test } from 'vitest';

import { receiveDeviceLists } from '../../../../../src/federation/receive/edus/receive-device-lists.ts';
import type { ServerName } from '../../../../../src/matrix/ids/brands.ts';
import type { JsonValue } from '../../../../../src/matrix/json/json-value.ts';

const origin = 'peer.test' as ServerName;
const userId = '@u:peer.test';

async function received(...contents: readonly JsonValue[]) {
  const calls: unknown[] = [];
  await receiveDeviceLists(async (_origin, updates) => void calls.push(updates))(origin, contents);
  return calls;
}

const device = (deviceId: string, filling = '') => {
  const keys = { user_id: userId, device_id: deviceId, filling, unsigned: {} };
  return { user_id: userId, device_id: deviceId, stream_id: 7, prev_id: [6], keys };
};
const master = { user_id: userId, keys: { 'ed25519:key': 'key' } };

test('changes of devices and of cross-signing keys of one transaction are noted together, in their order', async () => {
  const { keys } = device('ONE');
  expect(
    await received(device('ONE'), { user_id: userId, master_key: master }, { ...device('ONE'), deleted: true }),
  ).toEqual([
    [
      { kind: 'device', userId, deviceId: 'ONE', streamId: 7, prevIds: [6], keys },
      { kind: 'signing-keys', userId, master, selfSigning: undefined },
      { kind: 'device', userId, deviceId: 'ONE', streamId: 7, prevIds: [6], keys: undefined },
    ],
  ]);
});

test('of more than 500 kB of keys of a transaction, and of what is neither, it is only known that something changed', async () => {
  const long = Array.from({ length: 9 }, (_none, at) => device(`LONG${at}`, 'x'.repeat(60_000)));
  const [updates] = await received({ user_id: userId }, ...long, { user_id: userId, master_key: master });
  const kinds = (updates as readonly { kind: string }[]).map(({ kind }) => kind);
  expect(kinds).toEqual(['unclear', ...Array.from({ length: 8 }, () => 'device'), 'unclear', 'unclear']);
});
