import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { afterEach, expect, test } from 'vitest';

import { readConfig, type Env } from '../../../src/config.ts';
import { asTokenHash } from '../../../src/appservice/appservices.ts';
import type { AppService } from '../../../src/durable/appservice/appservice.ts';
import { appserviceClient } from '../../../src/durable/appservice/client.ts';
import { appservicesOf } from '../../../src/durable/appservices.ts';
import { objectStubs } from '../../../src/durable/objects.ts';
import {
  anAppservice,
  anOwnedUser,
  aRegistration,
  askAs,
  putRegistration,
  type TestAppservice,
} from '../../support/worker/an-appservice.ts';
import { inRoom } from '../../support/worker/a-peer.ts';
import { anAdministrator, ask } from '../../support/worker/ask.ts';
import { aClient, type Client } from '../../support/worker/client.ts';
import { eventually } from '../../support/worker/eventually.ts';
import { sent200, to } from '../../support/worker/to-device.ts';

const worker = exports as unknown as { default: Fetcher };
const bindings = env as unknown as Env;
const PATH = '/_eyrie/appservice/v1/stream';

const request = (token: string, headers: Record<string, string> = { upgrade: 'websocket' }) =>
  worker.default.fetch(`https://us.test${PATH}`, { headers: { authorization: `Bearer ${token}`, ...headers } });

let sockets: WebSocket[] = [];
afterEach(() => {
  for (const socket of sockets) if (socket.readyState === WebSocket.OPEN) socket.close();
  sockets = [];
});

/** A connection of an application service, and what came over it. */
async function connect({ asToken }: Pick<TestAppservice, 'asToken'>) {
  const response = await request(asToken);
  expect(response.status).toBe(101);
  const socket = response.webSocket;
  if (socket === null) throw new Error('no socket');
  const messages: string[] = [];
  const closes: { readonly code: number; readonly reason: string }[] = [];
  socket.addEventListener('message', ({ data }) => void messages.push(String(data)));
  socket.addEventListener('close', ({ code, reason }) => void closes.push({ code, reason }));
  socket.accept();
  sockets.push(socket);
  const txnIds = () => messages.map((text) => (JSON.parse(text) as { txn_id: string }).txn_id);
  return {
    socket,
    messages,
    closes,
    txnIds,
    eventIds: () =>
      messages.flatMap((text) =>
        (JSON.parse(text) as { body: { events: { event_id: string }[] } }).body.events.map((event) => event.event_id),
      ),
    ack: (txnId: string | undefined) => socket.send(JSON.stringify({ ack: txnId })),
  };
}

/** Alice and the bot of an application service without a URL in a room. */
async function aStreamedRoom(): Promise<{ appservice: TestAppservice; alice: Client; roomId: string }> {
  const appservice = await anAppservice();
  const user = await anOwnedUser(appservice);
  const alice = await aClient('alice');
  const roomId = await alice.create({ preset: 'public_chat' });
  expect((await askAs(appservice, user, 'POST', inRoom(roomId, '/join'), {})).status).toBe(200);
  return { appservice, alice, roomId };
}

test('one that has no URL and is not connected is not woken for what waits', async () => {
  const { appservice, alice, roomId } = await aStreamedRoom();
  await alice.say(roomId, 'nobody is there');
  const object = bindings.APPSERVICE.getByName(appservice.id);
  const duties = () =>
    runInDurableObject(object, (_instance, { storage }) =>
      storage.sql.exec<{ kind: string; at: number }>('select kind, at from duties').toArray(),
    );
  // At its birth it listens once more, and what it is told has a backstop.
  const soon = Date.now() + 5_000;
  expect((await duties()).filter(({ at }) => at < soon)).toEqual([]);
  await evictDurableObject(object);
  await runInDurableObject(object, (_instance, { storage }) => {
    storage.sql.exec('update duties set at = 1');
    return storage.setAlarm(Date.now() + 60_000);
  });
  await runDurableObjectAlarm(object);
  expect((await duties()).filter(({ at }) => at < soon)).toEqual([]);
});

test('transactions come one at a time, the next after the acknowledgement', async () => {
  const { appservice, alice, roomId } = await aStreamedRoom();
  const stream = await connect(appservice);
  await eventually(() => expect(stream.messages).toHaveLength(1));
  // It hibernates, and is woken by what happens.
  await evictDurableObject(bindings.APPSERVICE.getByName(appservice.id));
  const first = await alice.say(roomId, 'one');
  const second = await alice.say(roomId, 'two');
  const { body } = await ask('GET', `/_eyrie/admin/v1/appservices/${appservice.id}`, {
    token: (await anAdministrator()).token,
  });
  expect(body['queue']).toMatchObject({
    stream_open: true,
    transaction: { txn_id: stream.txnIds()[0], events: 1 },
    failures: 0,
  });
  expect(stream.messages).toHaveLength(1);
  stream.ack(stream.txnIds()[0]);
  await eventually(() => expect(stream.eventIds().slice(-2)).toEqual([first, second]));
  // What was acknowledged before is nothing new.
  stream.ack(stream.txnIds()[0]);
  stream.ack(stream.txnIds().at(-1));
  const third = await alice.say(roomId, 'three');
  await eventually(() => expect(stream.eventIds().at(-1)).toBe(third));
  expect(new Set(stream.txnIds()).size).toBe(stream.messages.length);
});

test('messages to devices come over it as they would over HTTP, to one that wants ephemeral data', async () => {
  const appservice = await anAppservice({ receive_ephemeral: true });
  const userId = await anOwnedUser(appservice);
  await askAs(appservice, userId, 'PUT', '/_matrix/client/v3/devices/BRIDGE', {});
  const alice = await aClient('alice');
  await sent200(alice, to({ userId, deviceId: 'BRIDGE' }, 1));
  const stream = await connect(appservice);
  await eventually(() => expect(stream.messages).toHaveLength(1));
  await sent200(alice, to({ userId, deviceId: 'BRIDGE' }, 2));
  stream.ack(stream.txnIds()[0]);
  await eventually(() => expect(stream.messages).toHaveLength(2));
  const numbers = stream.messages.map((text) => {
    const { body } = JSON.parse(text) as { body: Record<string, { content: { n: number }; to_device_id: string }[]> };
    return body['de.sorunome.msc2409.to_device']?.map(({ content, to_device_id: device }) => [device, content.n]);
  });
  expect(numbers).toEqual([[['BRIDGE', 1]], [['BRIDGE', 2]]]);
});

test('news of devices come over it as they would over HTTP', async () => {
  const appservice = await anAppservice({ 'org.matrix.msc3202': true });
  const userId = await anOwnedUser(appservice);
  const alice = await aClient('alice');
  const roomId = await alice.create({ preset: 'public_chat' });
  await askAs(appservice, userId, 'POST', inRoom(roomId, '/join'), {});
  const stream = await connect(appservice);
  await eventually(() => {
    expect(stream.messages.join('\n')).toContain('device_lists');
    expect(stream.messages.map((text) => JSON.parse(text) as unknown)).toContainEqual({
      txn_id: expect.any(String),
      body: expect.objectContaining({ 'org.matrix.msc3202.device_lists': { changed: [alice.userId], left: [] } }),
    });
  });
});

test('a new connection takes the place of the one before, and begins with what that has not acknowledged', async () => {
  const { appservice, alice, roomId } = await aStreamedRoom();
  const old = await connect(appservice);
  await eventually(() => expect(old.messages).toHaveLength(1));
  const said = await alice.say(roomId, 'later');
  const stream = await connect(appservice);
  await eventually(() => expect(old.closes).toEqual([{ code: 4001, reason: expect.any(String) as unknown }]));
  await eventually(() => expect(stream.messages).toHaveLength(1));
  expect(stream.messages).toEqual(old.messages);
  stream.ack(stream.txnIds()[0]);
  await eventually(() => expect(stream.eventIds().at(-1)).toBe(said));
});

test('what comes over a connection that was closed acknowledges nothing', async () => {
  const { appservice } = await aStreamedRoom();
  const stream = await connect(appservice);
  await eventually(() => expect(stream.messages).toHaveLength(1));
  const waiting = await runInDurableObject(
    bindings.APPSERVICE.getByName(appservice.id),
    async (instance: AppService, state) => {
      const [socket] = state.getWebSockets();
      if (socket === undefined) throw new Error('no socket');
      socket.close(4001, 'another one');
      await instance.webSocketMessage(socket, JSON.stringify({ ack: stream.txnIds()[0] }));
      return state.storage.sql.exec('select txn_id from transactions').toArray();
    },
  );
  expect(waiting).toEqual([{ txn_id: stream.txnIds()[0] }]);
});

test('pings are answered, and are no acknowledgement', async () => {
  const { appservice } = await aStreamedRoom();
  const stream = await connect(appservice);
  await eventually(() => expect(stream.messages).toHaveLength(1));
  stream.socket.send('ping');
  await eventually(() => expect(stream.messages.at(-1)).toBe('pong'));
  expect(stream.closes).toEqual([]);
});

test.each<[string, string | ArrayBuffer, number]>([
  ['no JSON', 'hello', 1008],
  ['no acknowledgement', '{"ack":7}', 1008],
  ['too long', JSON.stringify({ ack: 'x'.repeat(2_000) }), 1009],
  ['bytes', new ArrayBuffer(8), 1003],
])('a message that is %s ends the connection, with the reason', async (_what, message, code) => {
  const appservice = await anAppservice();
  const stream = await connect(appservice);
  stream.socket.send(message);
  await eventually(() =>
    expect(stream.closes).toEqual([{ code, reason: expect.stringMatching(/message/) as unknown }]),
  );
});

test('a changed registration ends the connection, and so does its end', async () => {
  const registration = aRegistration();
  const { token } = await anAdministrator();
  await putRegistration(token, registration);
  const stream = await connect({ asToken: registration.as_token });
  await putRegistration(token, registration);
  await eventually(() => expect(stream.closes.map(({ code }) => code)).toEqual([1012]));
  const again = await connect({ asToken: registration.as_token });
  await ask('DELETE', `/_eyrie/admin/v1/appservices/${registration.id}`, { token });
  await eventually(() => expect(again.closes.map(({ code }) => code)).toEqual([4003]));
  expect((await request(registration.as_token)).status).toBe(401);
});

test('a token that was replaced opens no stream where that is not known yet', async () => {
  const registration = aRegistration();
  const { token } = await anAdministrator();
  await putRegistration(token, registration);
  const config = readConfig(bindings);
  // What an isolate goes on believing that has read it before.
  const held = await appservicesOf(bindings, config).byToken(registration.as_token);
  if (held === undefined) throw new Error('it is not registered');
  const { openStream } = appserviceClient(objectStubs(bindings, config));
  expect((await openStream(held)).status).toBe(101);
  await putRegistration(token, aRegistration({ ...registration, as_token: `as_token_${crypto.randomUUID()}` }));
  await expect(openStream(held)).rejects.toMatchObject({ errcode: 'M_UNKNOWN_TOKEN' });
});

test('a stream that an older token opened is sent nothing, though its object was not told of the new one', async () => {
  const { appservice, alice, roomId } = await aStreamedRoom();
  const stream = await connect(appservice);
  await eventually(() => expect(stream.messages).toHaveLength(1));
  stream.ack(stream.txnIds()[0]);
  // As where the call that tells the object fails after the registration was written.
  const as_token = `as_token_${crypto.randomUUID()}`;
  await bindings.DB.prepare('update appservices set as_token_hash = ? where id = ?')
    .bind(asTokenHash(as_token), appservice.id)
    .run();
  appservicesOf(bindings, readConfig(bindings)).forget();
  const eventId = await alice.say(roomId, 'for the new one');
  await eventually(() => expect(stream.closes.map(({ code }) => code)).toEqual([1012]));
  expect(stream.eventIds()).not.toContain(eventId);
  const again = await connect({ asToken: as_token });
  await eventually(() => expect(again.eventIds()).toContain(eventId));
});

test('the stream is for application services without a url, and a WebSocket', async () => {
  const withUrl = await anAppservice({ url: 'https://as.test' });
  expect((await request(withUrl.asToken)).status).toBe(400);
  expect((await request('no-such-token')).status).toBe(401);
  expect((await request((await aClient('alice')).token)).status).toBe(401);
  expect((await request((await anAppservice()).asToken, {})).status).toBe(426);
});
