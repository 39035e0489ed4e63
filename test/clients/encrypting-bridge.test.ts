import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  Appservice,
  LogLevel,
  LogService,
  RustSdkAppserviceCryptoStorageProvider,
  SimpleFsStorageProvider,
} from 'matrix-bot-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type EyrieServer, startEyrie } from '../support/node/eyrie-server.ts';
import { freePorts } from '../support/node/free-ports.ts';
import { temporaryDirectory } from '../support/node/temporary.ts';
import { until } from '../support/node/until.ts';
import { type EncryptingClient, encryptingJsSdk } from './sdk/encrypting-js-sdk.ts';
import { knowsDevice, knowsOfEncryption, readBy } from './support/encryption.ts';
import { PASSWORD } from './support/world.ts';

LogService.setLevel(LogLevel.ERROR);

const PATIENCE_MS = 30_000;
const registrations = temporaryDirectory('registrations');

interface Heard {
  readonly type: string;
  readonly sender: string;
  readonly content: { readonly body?: string };
}

let server: EyrieServer;
let bridge: Appservice;
let alice: EncryptingClient;
let roomId: string;
const clients: EncryptingClient[] = [];
/** What the bridge has decrypted. */
const read: Heard[] = [];
const unread: Error[] = [];
const changed: string[] = [];
const counts: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>[] = [];

/** A bridge of matrix-bot-sdk with encryption, as its documentation sets it up: it never syncs. */
function makeBridge(port: number, federationPort: number, clientPort: number): Appservice {
  const registration = {
    id: 'encrypting bridge',
    url: `http://127.0.0.1:${port}`,
    as_token: `as_token_${crypto.randomUUID()}`,
    hs_token: `hs_token_${crypto.randomUUID()}`,
    sender_localpart: '_bridge_bot',
    namespaces: { users: [{ exclusive: true, regex: '@_bridge_.*' }], aliases: [], rooms: [] },
    rate_limited: false,
    'de.sorunome.msc2409.push_ephemeral': true,
    'org.matrix.msc3202': true,
  };
  // JSON is YAML.
  writeFileSync(join(registrations, 'bridge.yaml'), JSON.stringify(registration, null, 2));
  const directory = temporaryDirectory('bridge');
  return new Appservice({
    port,
    bindAddress: '127.0.0.1',
    homeserverName: `localhost:${federationPort}`,
    homeserverUrl: `http://127.0.0.1:${clientPort}`,
    registration,
    storage: new SimpleFsStorageProvider(join(directory, 'bridge.json')),
    cryptoStorage: new RustSdkAppserviceCryptoStorageProvider(join(directory, 'crypto'), 0),
    intentOptions: { encryption: true },
  });
}

beforeAll(async () => {
  const [port = 0, federationPort = 0, clientPort = 0] = await freePorts(3);
  bridge = makeBridge(port, federationPort, clientPort);
  bridge.on('room.decrypted_event', (_roomId: string, event: Heard) => read.push(event));
  bridge.on('room.failed_decryption', (_roomId: string, _event: Heard, error: Error) => unread.push(error));
  bridge.on('device_lists', (lists: { changed: string[] }) => changed.push(...lists.changed));
  bridge.on('otk.counts', (told: (typeof counts)[number]) => counts.push(told));
  server = await startEyrie({ federationPort, clientPort, appservices: registrations });
  await bridge.begin();
  alice = await device((url) => encryptingJsSdk.register(url, 'alice', PASSWORD));
  roomId = await alice.createRoom({
    preset: 'private_chat',
    invite: [bridge.botUserId],
    initial_state: [{ type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
  });
  await bridge.botIntent.joinRoom(roomId);
  await until('the bot', async () => (await alice.membershipOf(roomId, bridge.botUserId)) === 'join', PATIENCE_MS);
  await knowsOfEncryption(alice, roomId);
});
afterAll(async () => {
  for (const client of clients) await client.close();
  bridge.stop();
  await server.remove();
});

/** A device of alice that syncs. */
async function device(make: (url: string) => Promise<EncryptingClient>): Promise<EncryptingClient> {
  const client = await make(server.clientUrl);
  clients.push(client);
  await client.start();
  return client;
}

/** What the bridge has decrypted of a device's message. */
async function heardBy(from: EncryptingClient, text: string): Promise<Heard> {
  await from.sendText(roomId, text);
  return until(
    `"${text}" at the bridge`,
    () => {
      if (unread.length > 0) throw unread[0];
      return read.find(({ content }) => content.body === text);
    },
    PATIENCE_MS,
  );
}

test('what a user says encrypted is decrypted by the bridge, and its encrypted answer by the user', async () => {
  expect(await heardBy(alice, 'hello, bridge')).toMatchObject({ type: 'm.room.message', sender: alice.userId });
  const answer = await bridge.botClient.sendText(roomId, 'hello, alice');
  expect(await alice.event(roomId, answer)).toMatchObject({ type: 'm.room.encrypted' });
  expect((await readBy(alice, roomId, answer)).content).toMatchObject({ body: 'hello, alice' });
});

test('the bridge is told how many keys its device has left', async () => {
  const { userId, crypto } = { userId: bridge.botUserId, crypto: bridge.botClient.crypto };
  await until('counts', () => counts.some((told) => told[userId]?.[crypto.clientDeviceId] !== undefined), PATIENCE_MS);
  const last = counts.map((told) => told[userId]?.[crypto.clientDeviceId]?.['signed_curve25519']).at(-1);
  expect(last).toBeLessThan(50);
});

test('a new device of a user is told of, and reads what the bridge says then', async () => {
  changed.length = 0;
  const second = await device((url) => encryptingJsSdk.login(url, 'alice', PASSWORD));
  await until('the change', () => changed.includes(alice.userId), PATIENCE_MS);
  await knowsDevice(alice, second);
  const answer = await bridge.botClient.sendText(roomId, 'hello, both');
  for (const client of [alice, second]) {
    expect((await readBy(client, roomId, answer)).content).toMatchObject({ body: 'hello, both' });
  }
  await heardBy(second, 'from the second');
});

test('a device is told of though the server is killed right after it came', async () => {
  changed.length = 0;
  const third = await device((url) => encryptingJsSdk.login(url, 'alice', PASSWORD));
  await server.kill9('all');
  await server.restart();
  await until('the change', () => changed.includes(alice.userId), PATIENCE_MS);
  const answer = await bridge.botClient.sendText(roomId, 'hello again');
  expect((await readBy(third, roomId, answer)).content).toMatchObject({ body: 'hello again' });
});
