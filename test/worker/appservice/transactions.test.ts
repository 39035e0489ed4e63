import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import type { Env } from '../../../src/config.ts';
import type { EventId, RoomId } from '../../../src/matrix/ids/brands.ts';
import { aPeer, forgetPeers, joinFrom } from '../../support/worker/a-peer.ts';
import {
  aReceivingAppservice,
  stubAppservices,
  stubAppservicesBeside,
} from '../../support/worker/a-receiving-appservice.ts';
import { anOwnedUser, askAs, putRegistration, type TestAppservice } from '../../support/worker/an-appservice.ts';
import { anAdministrator, ask } from '../../support/worker/ask.ts';
import { aClient, type Client } from '../../support/worker/client.ts';
import { eventually } from '../../support/worker/eventually.ts';

const v3 = '/_matrix/client/v3';
const bindings = env as unknown as Env;

beforeAll(stubAppservices);
afterAll(() => vi.restoreAllMocks());

const objectOf = ({ id }: TestAppservice) => bindings.APPSERVICE.getByName(id);
const joinAs = (appservice: TestAppservice, userId: string, roomId: string) =>
  askAs(appservice, userId, 'POST', `${v3}/rooms/${encodeURIComponent(roomId)}/join`, {});

/** A room of alice, in which is a user of the application service. */
async function aJoinedRoom(appservice: TestAppservice): Promise<{ alice: Client; roomId: string }> {
  const user = await anOwnedUser(appservice);
  const alice = await aClient('alice');
  const roomId = await alice.create();
  expect((await joinAs(appservice, user, roomId)).status).toBe(200);
  return { alice, roomId };
}

/** Ends the back-off, as time does. */
async function waitIsOver(appservice: TestAppservice): Promise<void> {
  await runInDurableObject(objectOf(appservice), (_instance, { storage }) => {
    storage.sql.exec(`update meta set value = json_set(value, '$.until', 0) where key = 'health'`);
    storage.sql.exec('update rooms set retry_at = 0');
    storage.sql.exec(`update duties set at = 0`);
  });
  await runDurableObjectAlarm(objectOf(appservice));
}

test('what happens where a user of its own is joined is sent in order, with the token it knows us by', async () => {
  const appservice = await aReceivingAppservice();
  const alice = await aClient('alice');
  const roomId = await alice.create();
  const before = await alice.say(roomId, 'before it came');
  const user = await anOwnedUser(appservice);
  expect((await joinAs(appservice, user, roomId)).status).toBe(200);
  const first = await alice.say(roomId, 'one');
  const second = await alice.say(roomId, 'two');
  const left = await askAs(appservice, user, 'POST', `${v3}/rooms/${encodeURIComponent(roomId)}/leave`, {});
  expect(left.status).toBe(200);
  const after = await alice.say(roomId, 'after it went');
  const events = await eventually(() => {
    const all = appservice.events();
    expect(all.at(-1)?.content).toMatchObject({ membership: 'leave' });
    return all;
  });
  expect(events.map(({ type, sender }) => [type, sender])).toEqual([
    ['m.room.member', user],
    ['m.room.message', alice.userId],
    ['m.room.message', alice.userId],
    ['m.room.member', user],
  ]);
  expect(events.map(({ event_id: eventId }) => eventId).slice(1, 3)).toEqual([first, second]);
  expect(events[1]).toMatchObject({ room_id: roomId, content: { body: 'one' } });
  const [asked] = appservice.asked;
  expect(asked).toMatchObject({
    method: 'PUT',
    path: expect.stringMatching(/^\/_matrix\/app\/v1\/transactions\/\w+$/),
  });
  expect(asked?.headers.get('authorization')).toBe(`Bearer ${appservice.hsToken}`);
  const again = await aClient('again');
  const probe = await again.create();
  await joinAs(appservice, user, probe);
  await appservice.hears(await again.say(probe, 'the end'));
  expect(appservice.eventIds()).not.toContain(before);
  expect(appservice.eventIds()).not.toContain(after);
});

test('an invitation of a user of its own tells of the room, and state what it replaced', async () => {
  const appservice = await aReceivingAppservice();
  const user = await anOwnedUser(appservice);
  const alice = await aClient('alice');
  const roomId = await alice.create({ name: 'The room', invite: [user] });
  await eventually(() => expect(appservice.events()).toHaveLength(1));
  const [invite] = appservice.events();
  expect(invite).toMatchObject({ type: 'm.room.member', state_key: user, content: { membership: 'invite' } });
  expect(invite?.unsigned?.['invite_room_state']).toContainEqual(
    expect.objectContaining({ type: 'm.room.name', content: { name: 'The room' } }),
  );
  await joinAs(appservice, user, roomId);
  await alice.inRoom('PUT', roomId, 'state/m.room.name', { name: 'Another name' });
  await eventually(() => expect(appservice.events()).toHaveLength(3));
  expect(appservice.events()[2]).toMatchObject({
    type: 'm.room.name',
    unsigned: { prev_content: { name: 'The room' }, replaces_state: expect.any(String) },
  });
});

test('of a room that we are not in, too, an invitation that is withdrawn says what it was', async () => {
  const peer = aPeer();
  stubAppservicesBeside(vi.mocked(globalThis.fetch).getMockImplementation() ?? fetch);
  const appservice = await aReceivingAppservice();
  const user = await anOwnedUser(appservice);
  // Any room of ours: only its rules count, of what the peer says of its own room.
  const eve = await joinFrom(
    peer,
    (await (await aClient('alice')).create({ preset: 'public_chat', room_version: '11' })) as RoomId,
  );
  const roomId = `!there:${peer.server.name}` as RoomId;
  const membership = (name: string, authEvents: readonly EventId[] = []) =>
    eve.event({ roomId, type: 'm.room.member', stateKey: user, content: { membership: name }, authEvents });
  const invite = membership('invite');
  const path = `/_matrix/federation/v2/invite/${encodeURIComponent(roomId)}/${encodeURIComponent(invite.eventId)}`;
  const create = { type: 'm.room.create', sender: eve.userId, state_key: '', content: { room_version: '11' } };
  const body = { room_version: '11', event: invite.json, invite_room_state: [create] };
  expect((await peer.ask('PUT', path, body)).status).toBe(200);
  const leave = membership('leave', [invite.eventId]);
  expect(await peer.push(leave.json)).toEqual({ [leave.eventId]: {} });
  const [first, last] = await appservice.hears(leave.eventId);
  expect(first?.unsigned).not.toHaveProperty('replaces_state');
  expect(last).toMatchObject({
    content: { membership: 'leave' },
    unsigned: { prev_content: { membership: 'invite' }, replaces_state: invite.eventId },
  });
  forgetPeers();
  stubAppservices();
});

test('rooms and aliases of its namespaces are sent whole; the sender counts as a user of its own', async () => {
  const alice = await aClient('alice');
  const [plain, aliased, other] = [await alice.create(), await alice.create(), await alice.create()];
  const name = `_whole-${crypto.randomUUID()}`;
  const appservice = await aReceivingAppservice({
    namespaces: {
      users: [],
      aliases: [{ exclusive: false, regex: `#${name}:` }],
      rooms: [{ exclusive: false, regex: plain.replaceAll(/[.$!]/g, String.raw`\$&`) }],
    },
  });
  const alias = encodeURIComponent(`#${name}:eyrie.test`);
  expect((await alice.ask('PUT', `/directory/room/${alias}`, { room_id: aliased })).status).toBe(200);
  const sent = [await alice.say(plain, 'here'), await alice.say(aliased, 'there')];
  const unheard = await alice.say(other, 'nowhere');
  await eventually(() => expect(appservice.eventIds().toSorted()).toEqual(sent.toSorted()));
  await joinAs(appservice, appservice.sender, other);
  await appservice.hears(await alice.say(other, 'now here too'));
  expect(appservice.eventIds()).not.toContain(unheard);
});

test('what was said before it was registered is not sent, also of a room that moves only later', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  const old = await alice.say(roomId, 'long ago');
  const users = [{ exclusive: false, regex: alice.userId }];
  const appservice = await aReceivingAppservice({ namespaces: { users, aliases: [], rooms: [] } });
  // A shard that it has never heard of brings the room up.
  const bob = await aClient('bob');
  await bob.join(roomId);
  const late = await aClient('late');
  await late.join(roomId);
  await appservice.hears(await alice.say(roomId, 'now'));
  expect(appservice.eventIds()).not.toContain(old);
  expect(new Set(appservice.eventIds()).size).toBe(appservice.eventIds().length);
});

test('a transaction that is not taken is repeated with the same bytes, and nothing overtakes it', async () => {
  const appservice = await aReceivingAppservice();
  const { alice, roomId } = await aJoinedRoom(appservice);
  await eventually(() => expect(appservice.events()).toHaveLength(1));
  const asked = appservice.asked.length;
  appservice.answer = () => new Response('no', { status: 500 });
  const sent = [await alice.say(roomId, 'one')];
  await eventually(() => expect(appservice.asked.length).toBeGreaterThan(asked));
  // The room and its members do not wait for it.
  for (const text of ['two', 'three']) sent.push(await alice.say(roomId, text));
  await evictDurableObject(objectOf(appservice));
  await waitIsOver(appservice);
  await evictDurableObject(objectOf(appservice));
  appservice.answer = () => Response.json({});
  await eventually(async () => {
    await waitIsOver(appservice);
    expect(appservice.eventIds()).toEqual(expect.arrayContaining(sent));
  });
  expect(appservice.eventIds().slice(1)).toEqual(sent);
  const bodies = new Map<string, Set<string>>();
  for (const { path, body } of appservice.asked) bodies.set(path, (bodies.get(path) ?? new Set()).add(body));
  expect([...bodies.values()].map((all) => all.size)).toEqual([...bodies.values()].map(() => 1));
  expect(appservice.asked.filter(({ path }) => path === appservice.asked[asked]?.path).length).toBeGreaterThan(1);
});

test('an application service that knows only the older path is sent transactions there', async () => {
  const appservice = await aReceivingAppservice();
  appservice.answer = ({ path }) =>
    path.startsWith('/_matrix/app/v1/')
      ? Response.json({ errcode: 'M_UNRECOGNIZED' }, { status: 404 })
      : Response.json({});
  const { alice, roomId } = await aJoinedRoom(appservice);
  await appservice.hears(await alice.say(roomId, 'hello'));
});

test('a hundred events at most go together, and all come in order', async () => {
  const appservice = await aReceivingAppservice();
  const { alice, roomId } = await aJoinedRoom(appservice);
  const sent: string[] = [];
  appservice.answer = () => new Response(null, { status: 503 });
  for (let n = 0; n < 130; n += 1) sent.push(await alice.say(roomId, `message ${n}`));
  appservice.answer = () => Response.json({});
  await eventually(async () => {
    await waitIsOver(appservice);
    expect(appservice.eventIds()).toContain(sent.at(-1));
  });
  expect(appservice.eventIds().slice(1)).toEqual(sent);
  const sizes = appservice.taken().map(({ body }) => (JSON.parse(body) as { events: unknown[] }).events.length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
});

test('what takes three bytes a letter comes in transactions of no more bytes, in order', async () => {
  const appservice = await aReceivingAppservice();
  const user = await anOwnedUser(appservice);
  const alice = await aClient('alice');
  const rooms = [await alice.create(), await alice.create()];
  for (const roomId of rooms) await joinAs(appservice, user, roomId);
  const sent: string[] = [];
  appservice.answer = () => new Response(null, { status: 503 });
  for (let n = 0; n < 48; n += 1) sent.push(await alice.say(rooms[n % 2] ?? '', '語'.repeat(21_000)));
  appservice.answer = () => Response.json({});
  await eventually(async () => {
    await waitIsOver(appservice);
    expect(appservice.eventIds()).toEqual(expect.arrayContaining(sent));
  });
  for (const roomId of rooms) {
    const ofRoom = sent.filter((_id, n) => rooms[n % 2] === roomId);
    expect(appservice.eventIds().filter((id) => ofRoom.includes(id))).toEqual(ofRoom);
  }
  // A row holds two megabytes.
  const bytes = appservice.taken().map(({ body }) => Buffer.byteLength(body));
  expect(Math.max(...bytes)).toBeLessThan(1_500_000);
});

test('with its registration ends what waits', async () => {
  const appservice = await aReceivingAppservice();
  const user = await anOwnedUser(appservice);
  const alice = await aClient('alice');
  const roomId = await alice.create();
  appservice.answer = () => new Response(null, { status: 503 });
  await joinAs(appservice, user, roomId);
  await eventually(() => expect(appservice.asked.length).toBeGreaterThan(0));
  const { token } = await anAdministrator();
  expect((await ask('DELETE', `/_eyrie/admin/v1/appservices/${appservice.id}`, { token })).status).toBe(200);
  const tables = await runInDurableObject(objectOf(appservice), (_instance, { storage }) =>
    storage.sql.exec(`select name from sqlite_master where type = 'table' and name = 'transactions'`).toArray(),
  );
  expect(tables).toEqual([]);
});

test('an administrator sees what waits and why, has it tried at once, and what was sent sent once more', async () => {
  const appservice = await aReceivingAppservice();
  const { token, userId } = await anAdministrator();
  const path = `/_eyrie/admin/v1/appservices/${appservice.id}`;
  const queueOf = async () => (await ask('GET', path, { token })).body['queue'];
  const idle = { transaction: null, waiting_rooms: 0, waiting_positions: 0, oldest_ts: null, failures: 0 };
  expect(await queueOf()).toMatchObject({ ...idle, next_try_ts: null, last_error: null, last_success_ts: null });
  const began = Date.now();
  const user = await anOwnedUser(appservice);
  const alice = await aClient('alice');
  const roomId = await alice.create();
  appservice.answer = () => new Response(null, { status: 502 });
  await joinAs(appservice, user, roomId);
  await eventually(async () => expect(await queueOf()).toMatchObject({ failures: 1, last_error: 'answered 502' }));
  const eventId = await alice.say(roomId, 'one');
  await eventually(async () =>
    expect(await queueOf()).toMatchObject({ transaction: { events: 1 }, oldest_ts: expect.any(Number) }),
  );
  expect(await queueOf()).toMatchObject({ next_try_ts: expect.any(Number) });
  appservice.answer = () => Response.json({});
  expect(await ask('POST', `${path}/retry`, { token })).toMatchObject({
    status: 200,
    body: { queue: { failures: 0 } },
  });
  await appservice.hears(eventId);
  await eventually(async () => expect(await queueOf()).toMatchObject({ ...idle, last_success_ts: expect.any(Number) }));
  const heard = appservice.eventIds();
  const replayed = await ask('POST', `${path}/replay`, { token, body: { since_ts: began } });
  expect(replayed).toMatchObject({ status: 200 });
  await eventually(() => expect(appservice.eventIds()).toEqual([...heard, ...heard]));
  const ofAdmin = `/_eyrie/admin/v1/audit-log?user_id=${encodeURIComponent(userId)}`;
  expect((await ask('GET', ofAdmin, { token })).body['entries']).toMatchObject([
    { action: 'appservice_replay', detail: { id: appservice.id, since_ts: began } },
    { action: 'appservice_retry', detail: { id: appservice.id } },
  ]);
  for (const action of ['retry', 'replay']) {
    const missing = await ask('POST', `${path}x/${action}`, { token, body: { since_ts: 0 } });
    expect(missing).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
  }
});

/** An application service that has failed so often that nothing is tried for minutes, and what waits for it. */
async function aLongBackOff() {
  const appservice = await aReceivingAppservice();
  const { alice, roomId } = await aJoinedRoom(appservice);
  await eventually(() => expect(appservice.events()).toHaveLength(1));
  appservice.answer = () => new Response(null, { status: 502 });
  const asked = appservice.asked.length;
  const eventId = await alice.say(roomId, 'while it is not there');
  await eventually(() => expect(appservice.asked.length).toBeGreaterThan(asked));
  await runInDurableObject(objectOf(appservice), (_instance, { storage }) => {
    storage.sql.exec(
      `update meta set value = json_set(value, '$.until', ?, '$.attempts', 20) where key = 'health'`,
      Date.now() + 300_000,
    );
  });
  appservice.answer = () => Response.json({});
  const { token } = await anAdministrator();
  return { appservice, token, eventId };
}

test('after a change of the registration nobody waits for the back-off of before', async () => {
  const { appservice, token, eventId } = await aLongBackOff();
  const path = `/_eyrie/admin/v1/appservices/${appservice.id}`;
  const { body } = await ask('GET', path, { token });
  const { url, sender_localpart, namespaces } = body;
  const changed = { id: appservice.id, url, sender_localpart, namespaces, rate_limited: false };
  expect(await putRegistration(token, changed)).toMatchObject({ status: 200 });
  await appservice.hears(eventId);
});

test('after a ping of an administrator that was answered nobody waits for the back-off', async () => {
  const { appservice, token, eventId } = await aLongBackOff();
  const pinged = await ask('POST', `/_eyrie/admin/v1/appservices/${appservice.id}/ping`, { token });
  expect(pinged).toMatchObject({ status: 200, body: { ok: true } });
  await appservice.hears(eventId);
});
