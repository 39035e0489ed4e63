// What must never happen to a deployment as a whole (numbers as in the list of an earlier server's faults).
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { is } from 'drizzle-orm';
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core';
import { afterEach, expect, test } from 'vitest';

import { readConfig, type Env } from '../../../src/config.ts';
import { objectStubs } from '../../../src/durable/objects.ts';
import type { RoomId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import {
  aPeer,
  aRoom,
  eventIdOf,
  federation,
  forgetPeers,
  inRoom,
  joinFrom,
  say,
} from '../../support/worker/a-peer.ts';
import { anAppservice } from '../../support/worker/an-appservice.ts';
import { aLoggedInUser, anAdministrator, ask, askWith, PASSWORD } from '../../support/worker/ask.ts';
import { eventually } from '../../support/worker/eventually.ts';

const bindings = env as unknown as Env;
const stubs = objectStubs(bindings, readConfig(bindings));
const enc = encodeURIComponent;

afterEach(forgetPeers);

declare global {
  interface ImportMeta {
    /** Of Vite, which replaces the call by the modules. */
    readonly glob: (
      pattern: string,
      options: { eager: true },
    ) => Readonly<Record<string, Readonly<Record<string, object>>>>;
  }
}

/** Every table that the code of one kind of store knows, by its schema files. */
const schemas = import.meta.glob('../../../src/storage/*/*.schema.ts', { eager: true });

function tablesOf(kind: string): readonly { readonly name: string; readonly columns: readonly string[] }[] {
  return Object.entries(schemas)
    .filter(([path]) => path.includes(`/storage/${kind}/`))
    .flatMap(([, exported]) => Object.values(exported))
    .filter((value) => is(value, SQLiteTable))
    .map((table) => {
      const { name, columns } = getTableConfig(table);
      return { name, columns: columns.map((column) => column.name) };
    });
}

type Look = (query: string) => Promise<readonly unknown[]>;

const lookInto =
  (stub: DurableObjectStub): Look =>
  (query) =>
    runInDurableObject(stub, (_instance, { storage }) => storage.sql.exec(query).toArray());

/** One store of each kind, as the migrations make it. */
async function aStore(kind: string): Promise<Look> {
  if (kind === 'd1') return async (query) => (await bindings.DB.prepare(query).all()).results;
  if (kind === 'appservice-db') return lookInto(stubs.appservice((await anAppservice()).id));
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice);
  const peer = aPeer();
  await joinFrom(peer, roomId);
  const eventId = await say(alice, roomId, 'hello');
  await eventually(() => expect(peer.pdus().map(eventIdOf)).toContain(eventId));
  const [, shard = ''] = alice.token.split('_');
  const stub = {
    'room-db': () => stubs.room(roomId),
    'user-db': () => stubs.userShard(shard),
    'destination-db': () => stubs.destination(peer.server.name),
  }[kind];
  if (stub === undefined) throw new Error(kind);
  return lookInto(stub());
}

test.each(['d1', 'room-db', 'user-db', 'destination-db', 'appservice-db'])(
  'never 46: a table or a column is used that no migration made (%s)',
  async (kind) => {
    const look = await aStore(kind);
    const tables = tablesOf(kind);
    expect(tables.length).toBeGreaterThan(2);
    for (const { name, columns } of tables) {
      const there = await look(`select name from pragma_table_info('${name}')`);
      const made = there.map((row) => (row as { name: string }).name);
      expect(`${name}: ${made.toSorted().join()}`).toBe(`${name}: ${columns.toSorted().join()}`);
    }
  },
);

/** The same namespace, which counts whom it was asked for. */
function counted(namespace: DurableObjectNamespace, asked: string[]): DurableObjectNamespace {
  return new Proxy(namespace, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name === 'getByName') asked.push(String(args[0]));
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
}

test('never 47: one object is in the path of everything', async () => {
  const users = await Promise.all(Array.from({ length: 8 }, () => aLoggedInUser('user')));
  const shards = new Map<string, number>();
  for (const { token } of users) {
    const [, shard = ''] = token.split('_');
    shards.set(shard, (shards.get(shard) ?? 0) + 1);
  }
  // The deployment of the tests has three accounts in a shard.
  expect(Math.max(...shards.values())).toBeLessThanOrEqual(3);

  const [alice] = users;
  if (alice === undefined) throw new Error('nobody is there');
  const rooms = await Promise.all([aRoom(alice), aRoom(alice)]);
  const asked: { readonly users: string[]; readonly rooms: string[] } = { users: [], rooms: [] };
  const askCounted = askWith({
    USER: counted(bindings.USER, asked.users) as never,
    ROOM: counted(bindings.ROOM, asked.rooms) as never,
  });
  const speak = (roomId: RoomId) =>
    askCounted('PUT', inRoom(roomId, `/send/m.room.message/${crypto.randomUUID()}`), {
      token: alice.token,
      body: { msgtype: 'm.text', body: 'hello' },
    });
  await speak(rooms[0]);
  asked.users.length = 0;
  asked.rooms.length = 0;
  // The token is known by now: what is left is the room alone.
  for (const roomId of rooms) expect((await speak(roomId)).status).toBe(200);
  expect(asked.users).toEqual([]);
  expect(asked.rooms).toEqual(rooms);
});

type Settings = Readonly<Record<string, unknown>>;

/** A deployment whose settings alone say who may register; made late, since an isolate is made for one deployment. */
const free = () => askWith({ EYRIE_REGISTRATION: null, EYRIE_BOOTSTRAP_TOKEN: null });

/** The isolate that changes a setting knows it at once; others within five seconds. */
async function change(settings: Settings): Promise<void> {
  const { token } = await anAdministrator();
  const isolate = 'registration.mode' in settings ? free() : ask;
  expect(await isolate('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings } })).toMatchObject({
    status: 200,
  });
}

interface Switch {
  readonly off: Settings;
  readonly on: Settings;
  /** What somebody sees of it; another one when it is off. */
  readonly seen: () => Promise<unknown>;
}

/** Whether a server that signs as it should is answered. */
async function isAnswered(): Promise<boolean> {
  const alice = await aLoggedInUser('alice');
  const { status } = await aPeer().ask('GET', `${federation}/query/profile?user_id=${enc(alice.userId)}`);
  return status === 200;
}

/** Whether a server can be asked for a room. */
async function isAsked(): Promise<boolean> {
  const alice = await aLoggedInUser('alice');
  const peer = aPeer();
  const path = `/_matrix/client/v3/join/${enc(`!theirs:${peer.server.name}`)}?via=${enc(peer.server.name)}`;
  await ask('POST', path, { token: alice.token, body: {} });
  return peer.received.some(({ target }) => target.includes('/make_join/'));
}

async function versionOfARoom(): Promise<unknown> {
  const alice = await aLoggedInUser('alice');
  const made = await ask('POST', '/_matrix/client/v3/createRoom', { token: alice.token, body: {} });
  const path = inRoom(String(made.body['room_id']), '/state/m.room.create');
  return (await ask('GET', path, { token: alice.token })).body['room_version'];
}

async function isRegistered(): Promise<boolean> {
  const body = { username: crypto.randomUUID(), password: PASSWORD, auth: { type: 'm.login.dummy' } };
  return (await free()('POST', '/_matrix/client/v3/register', { body })).status === 200;
}

/** Whether somebody of another server is seen typing. */
async function isTypingSeen(): Promise<boolean> {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice);
  const peer = aPeer();
  const eve = await joinFrom(peer, roomId);
  const typing = { room_id: roomId, user_id: eve.userId, typing: true };
  await peer.send({ edus: [{ edu_type: 'm.typing', content: typing }] });
  await eve.say('this is what is waited for');
  return eventually(async () => {
    const { body } = await ask('GET', '/_matrix/client/v3/sync', { token: alice.token });
    const room = JSON.stringify((body['rooms'] as { join: JsonObject }).join[roomId]);
    expect(room).toContain('this is what is waited for');
    return room.includes('"m.typing"') && room.includes(`"user_ids":["${eve.userId}"]`);
  });
}

const switches: readonly (readonly [string, Switch])[] = [
  [
    'federation.enabled, inwards',
    { off: { 'federation.enabled': false }, on: { 'federation.enabled': true }, seen: isAnswered },
  ],
  [
    'federation.enabled, outwards',
    { off: { 'federation.enabled': false }, on: { 'federation.enabled': true }, seen: isAsked },
  ],
  [
    'federation.allow_list, inwards',
    { off: { 'federation.allow_list': ['a.example'] }, on: { 'federation.allow_list': [] }, seen: isAnswered },
  ],
  [
    'federation.allow_list, outwards',
    { off: { 'federation.allow_list': ['a.example'] }, on: { 'federation.allow_list': [] }, seen: isAsked },
  ],
  [
    'rooms.default_version',
    { off: { 'rooms.default_version': '10' }, on: { 'rooms.default_version': '12' }, seen: versionOfARoom },
  ],
  ['edu.typing', { off: { 'edu.typing': false }, on: { 'edu.typing': true }, seen: isTypingSeen }],
  [
    'registration.mode',
    { off: { 'registration.mode': 'closed' }, on: { 'registration.mode': 'open' }, seen: isRegistered },
  ],
];

test.each(switches)('never 48: a switch that nothing reads (%s)', async (_name, { off, on, seen }) => {
  await change(on);
  const whenOn = await seen();
  await change(off);
  const whenOff = await seen();
  await change(on);
  expect(whenOff).not.toEqual(whenOn);
  expect(await seen()).toEqual(whenOn);
});

test('never 50: what is here cannot be taken elsewhere, or others call it corrupt', async () => {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice, { name: 'a name' });
  for (const text of ['one', 'two', 'three']) await say(alice, roomId, text);
  const peer = aPeer();
  const eve = await joinFrom(peer, roomId);
  const events = new Map<string, JsonObject>();
  let open: readonly string[] = eve.join.prevEvents;
  // The whole history is asked for from the join down, a few at a time, as another server does.
  while (open.length > 0) {
    const query = open.map((id) => `v=${enc(id)}`).join('&');
    const { status, body } = await peer.ask('GET', `${federation}/backfill/${enc(roomId)}?${query}&limit=3`);
    expect(status).toBe(200);
    const page = body['pdus'] as JsonObject[];
    expect(page).not.toEqual([]);
    // The ID of an event is its hash: what names it is what it says, and nobody has to believe us.
    for (const json of page) events.set(eventIdOf(json), json);
    const parents = page.flatMap((json) => json['prev_events'] as string[]);
    open = [...new Set(parents)].filter((id) => !events.has(id));
  }
  const types = [...events.values()].map(({ type }) => type);
  expect(types.filter((type) => type === 'm.room.message')).toHaveLength(3);
  expect(types).toContain('m.room.create');
  const again = aPeer();
  await joinFrom(again, roomId, 'olga');
  for (const [eventId, json] of events) {
    const { body } = await again.ask('GET', `${federation}/event/${enc(eventId)}`);
    const [first] = body['pdus'] as JsonObject[];
    const { unsigned: _here, ...here } = json;
    const { unsigned: _there, ...there } = first ?? {};
    expect(there).toEqual(here);
  }
});
