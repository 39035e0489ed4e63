import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Appservice, LogLevel, LogService, SimpleFsStorageProvider } from 'matrix-bot-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type EyrieServer, startEyrie } from '../support/node/eyrie-server.ts';
import { freePorts } from '../support/node/free-ports.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { temporaryDirectory } from '../support/node/temporary.ts';
import { until } from '../support/node/until.ts';

LogService.setLevel(LogLevel.ERROR);

const PATIENCE_MS = 30_000;

interface Heard {
  readonly roomId: string;
  readonly event: { event_id: string; type: string; sender: string; content: Record<string, unknown> };
}

let server: EyrieServer;
let bridge: Appservice;
let alice: MatrixClient;
const messages: Heard[] = [];
const invites: Heard[] = [];
const ephemeral: { type: string; room_id?: string; content: Record<string, unknown> }[] = [];
const asked: string[] = [];

/** A bridge of matrix-bot-sdk in its application service mode, as its documentation sets it up. */
function makeBridge(port: number, federationPort: number, clientPort: number): Appservice {
  const registration = {
    id: 'bot-sdk bridge',
    url: `http://127.0.0.1:${port}`,
    as_token: `as_token_${crypto.randomUUID()}`,
    hs_token: `hs_token_${crypto.randomUUID()}`,
    sender_localpart: '_bridge_bot',
    namespaces: {
      users: [{ exclusive: true, regex: '@_bridge_.*' }],
      aliases: [{ exclusive: true, regex: '#_bridge_.*' }],
      rooms: [],
    },
    protocols: ['testnet'],
    rate_limited: false,
    'de.sorunome.msc2409.push_ephemeral': true,
  };
  const made = new Appservice({
    port,
    bindAddress: '127.0.0.1',
    homeserverName: `localhost:${federationPort}`,
    homeserverUrl: `http://127.0.0.1:${clientPort}`,
    registration,
    storage: new SimpleFsStorageProvider(join(temporaryDirectory('bridge'), 'bridge.json')),
  });
  // JSON is YAML.
  writeFileSync(join(registrations, 'bridge.yaml'), JSON.stringify(registration, null, 2));
  return made;
}

const registrations = temporaryDirectory('registrations');

beforeAll(async () => {
  const [port = 0, federationPort = 0, clientPort = 0] = await freePorts(3);
  bridge = makeBridge(port, federationPort, clientPort);
  bridge.on('room.message', (roomId: string, event: Heard['event']) => messages.push({ roomId, event }));
  bridge.on('room.invite', (roomId: string, event: Heard['event']) => invites.push({ roomId, event }));
  bridge.on('ephemeral.event', (event: (typeof ephemeral)[number]) => ephemeral.push(event));
  bridge.on('query.user', (userId: string, create: (made: object | false) => void) => {
    asked.push(userId);
    create(userId.includes('_bridge_ghost') ? { display_name: 'A ghost' } : false);
  });
  bridge.on('query.room', (alias: string, create: (made: object | false) => void) => {
    asked.push(alias);
    create(alias.includes('_bridge_channel') ? { preset: 'public_chat', name: 'A channel' } : false);
  });
  bridge.on('thirdparty.protocol', (_protocol: string, answer: (metadata: object) => void) => {
    answer({ user_fields: ['nick'], location_fields: ['channel'], icon: '', field_types: {}, instances: [] });
  });
  bridge.on(
    'thirdparty.user.remote',
    (_protocol: string, fields: Record<string, string>, answer: (found: object) => void) => {
      answer([{ userid: `@_bridge_${fields['nick']}:${server.serverName}`, protocol: 'testnet', fields }]);
    },
  );
  server = await startEyrie({ federationPort, clientPort, appservices: registrations });
  await bridge.begin();
  alice = await new MatrixClient(server.clientUrl).register('alice');
});
afterAll(async () => {
  bridge.stop();
  await server.remove();
});

const ghostly = (name: string) => bridge.getIntentForSuffix(name);

test('a ghost is made, invited, joins, speaks, and hears what is said in the room', async () => {
  const ghost = ghostly('one');
  await ghost.ensureRegistered();
  const roomId = await alice.createRoom({ preset: 'private_chat', invite: [ghost.userId] });
  await until('the invitation', () => invites.some((invite) => invite.roomId === roomId), PATIENCE_MS);
  await ghost.joinRoom(roomId);
  const said = await ghost.sendText(roomId, 'from the other side');
  expect((await alice.event(roomId, said)).content['body']).toBe('from the other side');
  const sent: string[] = [];
  for (let n = 0; n < 10; n += 1) sent.push(await alice.send(roomId, `message ${n}`));
  const heard = () => messages.filter((one) => one.roomId === roomId && one.event.sender === alice.userId);
  await until('the messages', () => heard().length >= sent.length, PATIENCE_MS);
  expect(heard().map(({ event }) => event.event_id)).toEqual(sent);
  await alice.request('PUT', `/rooms/${encodeURIComponent(roomId)}/typing/${encodeURIComponent(alice.userId)}`, {
    typing: true,
    timeout: 30_000,
  });
  await until(
    'typing',
    () => ephemeral.some(({ type, room_id: id }) => type === 'm.typing' && id === roomId),
    PATIENCE_MS,
  );
});

test('a ghost that nobody made yet is asked for when it is invited, with its name', async () => {
  const ghost = `@_bridge_ghost:${server.serverName}`;
  const roomId = await alice.createRoom({ preset: 'private_chat' });
  await alice.request('POST', `/rooms/${encodeURIComponent(roomId)}/invite`, { user_id: ghost });
  expect(asked).toContain(ghost);
  const profile = await alice.request<object>('GET', `/profile/${encodeURIComponent(ghost)}`);
  expect(profile).toMatchObject({ displayname: 'A ghost' });
  const nobody = `@_bridge_nobody:${server.serverName}`;
  const refused = alice.request('POST', `/rooms/${encodeURIComponent(roomId)}/invite`, { user_id: nobody });
  await expect(refused).rejects.toMatchObject({ status: 404 });
});

test('an alias of the bridge makes its room when somebody joins it', async () => {
  const alias = encodeURIComponent(`#_bridge_channel:${server.serverName}`);
  const { room_id: roomId } = await alice.request<{ room_id: string }>('POST', `/join/${alias}`, {});
  const eventId = await alice.send(roomId, 'is anybody here?');
  await until('the message', () => messages.some(({ event }) => event.event_id === eventId), PATIENCE_MS);
});

test('the network of the bridge and its users are looked up', async () => {
  expect(await alice.request('GET', '/thirdparty/protocols')).toMatchObject({ testnet: { user_fields: ['nick'] } });
  expect(await alice.request('GET', '/thirdparty/user/testnet', undefined, { query: { nick: 'one' } })).toEqual([
    { userid: `@_bridge_one:${server.serverName}`, protocol: 'testnet', fields: { nick: 'one' } },
  ]);
});

test('what is said while the server is killed and started again comes once, in order', async () => {
  const ghost = ghostly('two');
  await ghost.ensureRegistered();
  const roomId = await alice.createRoom({ preset: 'public_chat' });
  await ghost.joinRoom(roomId);
  const sent: string[] = [];
  for (let n = 0; n < 5; n += 1) sent.push(await alice.send(roomId, `before ${n}`));
  await server.kill9('all');
  await server.restart();
  for (let n = 0; n < 5; n += 1) sent.push(await alice.send(roomId, `after ${n}`));
  const heard = () => messages.filter((one) => one.roomId === roomId).map(({ event }) => event.event_id);
  await until('the messages', () => heard().includes(sent.at(-1) ?? ''), 60_000);
  expect(heard()).toEqual(sent);
});
