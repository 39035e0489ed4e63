// Users are kept out of encrypted and of public rooms of another server (docs/settings.md, `rooms.…`)
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';

const SETTINGS = '/_eyrie/admin/v1/settings';
const ENCRYPTION = { type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } };

let host: EyrieServer;
let other: EyrieServer;
let alice: MatrixClient;
let bob: MatrixClient;

beforeAll(async () => {
  [host, other] = await startTwoEyries();
  alice = await new MatrixClient(host.clientUrl).register('alice');
  bob = await new MatrixClient(other.clientUrl).register('bob', 'correct horse', other.bootstrapToken);
});
afterAll(() => Promise.all([host.remove(), other.remove()]));

const set = (settings: object) => bob.request('PUT', SETTINGS, { settings });

const invite = (roomId: string) =>
  alice.tryRequest('POST', `/rooms/${encodeURIComponent(roomId)}/invite`, { user_id: bob.userId });

const join = (roomId: string) =>
  bob.tryRequest('POST', `/join/${encodeURIComponent(roomId)}?via=${host.serverName}`, {});

test.each([
  ['encrypted', 'rooms.encrypted', { preset: 'private_chat', initial_state: [ENCRYPTION] }],
  ['public', 'rooms.non_private', { preset: 'public_chat' }],
])('%s rooms of another server are kept from users, and can be joined again', async (_kind, key, body) => {
  const roomId = await alice.createRoom(body);
  const plain = await alice.createRoom({ preset: 'private_chat' });
  await set({ [key]: false });
  expect(await invite(roomId)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  expect((await invite(plain)).status).toBe(200);
  await bob.join(plain);
  await set({ [key]: true });
  expect((await invite(roomId)).status).toBe(200);
  await set({ [key]: false });
  expect(await join(roomId)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  expect(await alice.joinedMembers(roomId)).toEqual([alice.userId]);
  await set({ [key]: true });
  expect((await join(roomId)).status).toBe(200);
});
