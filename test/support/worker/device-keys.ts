import { expect } from 'vitest';

import { askWith, PASSWORD } from './ask.ts';
import { clientOf, type Client } from './client.ts';

/** Identity keys of a device. Servers do not check what they sign, only for whom they are. */
export const identityOf = ({ userId, deviceId }: Pick<Client, 'userId' | 'deviceId'>, ed25519 = 'a key') => ({
  user_id: userId,
  device_id: deviceId,
  algorithms: ['m.olm.v1.curve25519-aes-sha2'],
  keys: { [`ed25519:${deviceId}`]: ed25519 },
  signatures: { [userId]: { [`ed25519:${deviceId}`]: 'a signature' } },
});

/** The device has other keys than before, of which whoever shares a room with its user is to hear. */
export async function publishKeys(client: Client, ed25519 = crypto.randomUUID()): Promise<void> {
  const answer = await client.ask('POST', '/keys/upload', { device_keys: identityOf(client, ed25519) });
  expect(answer).toMatchObject({ status: 200 });
}

/** A fresh user in a shard of their own. */
export async function aClientElsewhere(): Promise<Client> {
  const { status, body } = await askWith({ EYRIE_ACCOUNTS_PER_SHARD: '1' })('POST', '/_matrix/client/v3/register', {
    body: { username: `far-${crypto.randomUUID()}`, password: PASSWORD, auth: { type: 'm.login.dummy' } },
  });
  expect(status).toBe(200);
  return clientOf({
    userId: String(body['user_id']),
    token: String(body['access_token']),
    deviceId: String(body['device_id']),
  });
}

/** Another device of a user, with keys. */
export async function anotherDevice({ userId }: Pick<Client, 'userId'>): Promise<Client> {
  const { status, body } = await askWith({})('POST', '/_matrix/client/v3/login', {
    body: { type: 'm.login.password', identifier: { type: 'm.id.user', user: userId }, password: PASSWORD },
  });
  expect(status).toBe(200);
  const device = clientOf({ userId, token: String(body['access_token']), deviceId: String(body['device_id']) });
  await publishKeys(device);
  return device;
}
