import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { AppServiceRegistration, Bridge, Logger, type WeakEvent } from 'matrix-appservice-bridge';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type EyrieServer, startEyrie } from '../support/node/eyrie-server.ts';
import { freePorts } from '../support/node/free-ports.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { temporaryDirectory } from '../support/node/temporary.ts';
import { until } from '../support/node/until.ts';

Logger.configure({ console: 'off' });

const PATIENCE_MS = 30_000;
const ID = 'appservice-bridge';

let server: EyrieServer;
let bridge: Bridge;
let alice: MatrixClient;
const events: WeakEvent[] = [];
const asked: string[] = [];

/** A bridge, as the documentation of the library sets it up, and its registration file. */
function makeBridge(directory: string, port: number, domain: string, homeserverUrl: string): Bridge {
  const registration = new AppServiceRegistration(`http://127.0.0.1:${port}`);
  registration.setId(ID);
  registration.setHomeserverToken(AppServiceRegistration.generateToken());
  registration.setAppServiceToken(AppServiceRegistration.generateToken());
  registration.setSenderLocalpart('_net_bot');
  registration.addRegexPattern('users', '@_net_.*', true);
  registration.addRegexPattern('aliases', '#_net_.*', true);
  registration.setRateLimited(false);
  const path = join(directory, 'bridge.yaml');
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(registration.getOutput()));
  return new Bridge({
    homeserverUrl,
    domain,
    registration: path,
    disableStores: true,
    controller: {
      onEvent: (request) => void events.push(request.getData()),
      onUserQuery: (user) => {
        asked.push(user.getId());
        return user.getId().includes('_net_ghost') ? { name: 'A ghost' } : null;
      },
      onAliasQuery: (alias, localpart) => {
        asked.push(alias);
        if (!localpart.startsWith('_net_channel')) return null;
        return { creationOpts: { preset: 'public_chat', name: 'A channel', room_alias_name: localpart } };
      },
    },
  });
}

beforeAll(async () => {
  const [port = 0, federationPort = 0, clientPort = 0] = await freePorts(3);
  const appservices = temporaryDirectory('registrations');
  bridge = makeBridge(appservices, port, `localhost:${federationPort}`, `http://127.0.0.1:${clientPort}`);
  server = await startEyrie({ federationPort, clientPort, appservices });
  await bridge.initialise();
  await bridge.listen(port, '127.0.0.1');
  alice = await new MatrixClient(server.clientUrl).register('alice');
});
afterAll(async () => {
  await bridge.close();
  await server.remove();
});

const heardIn = (roomId: string) =>
  events.filter(
    ({ room_id: id, type, sender }) => id === roomId && type === 'm.room.message' && sender === alice.userId,
  );

test('what the bridge says to itself comes back to it: that is how it looks whether it is reached', async () => {
  const { room_id: roomId } = await bridge.getIntent().createRoom({ options: { preset: 'private_chat' } });
  expect(await bridge.pingAppserviceRoute(roomId, PATIENCE_MS)).toBeLessThan(PATIENCE_MS);
});

test('a ghost is made, is invited, joins, speaks, types, reads, and hears what is said', async () => {
  const ghost = bridge.getIntent(`@_net_one:${server.serverName}`);
  await ghost.ensureRegistered();
  const roomId = await alice.createRoom({ preset: 'private_chat', invite: [ghost.userId] });
  await until(
    'the invitation',
    () => events.some(({ room_id: id, content }) => id === roomId && content['membership'] === 'invite'),
    PATIENCE_MS,
  );
  await ghost.join(roomId);
  const { event_id: said } = await ghost.sendText(roomId, 'from the other side');
  expect((await alice.event(roomId, said)).content['body']).toBe('from the other side');
  await ghost.sendTyping(roomId, true);
  const sent: string[] = [];
  for (let n = 0; n < 10; n += 1) sent.push(await alice.send(roomId, `message ${n}`));
  await until('the messages', () => heardIn(roomId).length >= sent.length, PATIENCE_MS);
  expect(heardIn(roomId).map(({ event_id: eventId }) => eventId)).toEqual(sent);
  await ghost.sendReadReceipt(roomId, sent.at(-1) ?? '');
  await ghost.setDisplayName('One');
  await until('the new name', async () => {
    const path = `/rooms/${encodeURIComponent(roomId)}/state/m.room.member/${encodeURIComponent(ghost.userId)}`;
    return (await alice.request<{ displayname?: string }>('GET', path)).displayname === 'One';
  });
});

test('a room of the bridge with its name and topic, a message redacted, somebody kicked', async () => {
  const bot = bridge.getIntent();
  const { room_id: roomId } = await bot.createRoom({
    options: { preset: 'public_chat', name: 'Bridged', invite: [alice.userId] },
  });
  await alice.join(roomId);
  await bot.setRoomTopic(roomId, 'What the other side talks about');
  expect(await alice.request('GET', `/rooms/${encodeURIComponent(roomId)}/state/m.room.topic`)).toMatchObject({
    topic: 'What the other side talks about',
  });
  const { event_id: said } = await bot.sendText(roomId, 'a slip');
  await bot.matrixClient.redactEvent(roomId, said);
  expect((await alice.event(roomId, said)).content).toEqual({});
  await bot.kick(roomId, alice.userId, 'the bridge closes');
  await until(
    'the kick',
    async () => {
      const { joined_rooms: rooms } = await alice.request<{ joined_rooms: string[] }>('GET', '/joined_rooms');
      return !rooms.includes(roomId);
    },
    PATIENCE_MS,
  );
});

test('users and rooms that are not there are asked for, and made', async () => {
  const ghost = `@_net_ghost:${server.serverName}`;
  const roomId = await alice.createRoom({ preset: 'private_chat' });
  await alice.request('POST', `/rooms/${encodeURIComponent(roomId)}/invite`, { user_id: ghost });
  const profile = await alice.request<object>('GET', `/profile/${encodeURIComponent(ghost)}`);
  expect(profile).toMatchObject({ displayname: 'A ghost' });
  const alias = `#_net_channel:${server.serverName}`;
  const joined = await alice.request<{ room_id: string }>('POST', `/join/${encodeURIComponent(alias)}`, {});
  const eventId = await alice.send(joined.room_id, 'is anybody here?');
  await until('the message', () => heardIn(joined.room_id).some((event) => event.event_id === eventId), PATIENCE_MS);
  expect(asked).toEqual([ghost, alias]);
});

test('what is said while the server is killed and started again comes once, in order', async () => {
  const ghost = bridge.getIntent(`@_net_two:${server.serverName}`);
  await ghost.ensureRegistered();
  const roomId = await alice.createRoom({ preset: 'public_chat' });
  await ghost.join(roomId);
  const sent: string[] = [];
  for (let n = 0; n < 5; n += 1) sent.push(await alice.send(roomId, `before ${n}`));
  await server.kill9('all');
  await server.restart();
  for (let n = 0; n < 5; n += 1) sent.push(await alice.send(roomId, `after ${n}`));
  await until('the messages', () => heardIn(roomId).some((event) => event.event_id === sent.at(-1)), 60_000);
  expect(heardIn(roomId).map(({ event_id: eventId }) => eventId)).toEqual(sent);
});
