import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import { PASSWORD } from '../../../support/worker/ask.ts';
import { aClient, clientOf, type Client } from '../../../support/worker/client.ts';
import { eventually } from '../../../support/worker/eventually.ts';

const URL = 'https://gateway.test/_matrix/push/v1/notify';

interface Notification {
  readonly event_id?: string;
  readonly room_id?: string;
  readonly prio: string;
  readonly counts: { readonly unread?: number };
  readonly devices: readonly { readonly pushkey: string }[];
}

/** What the gateway was told, of each pushkey. */
let told: Notification[] = [];
let answer: (notification: Notification) => Response = () => Response.json({ rejected: [] });
let waiting: (() => void)[] = [];

beforeEach(() => {
  told = [];
  waiting = [];
  answer = () => Response.json({ rejected: [] });
});
// Also for what a shard still has to tell after a test.
beforeAll(() => {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (_input, init) => {
    const { notification } = JSON.parse(init?.body as string) as { notification: Notification };
    const answered = answer(notification);
    if (answered.ok) told.push(notification);
    for (const look of waiting) look();
    return answered;
  });
});
afterAll(() => vi.restoreAllMocks());

const toldTo = (pushkey: string) => told.filter(({ devices }) => devices.some((device) => device.pushkey === pushkey));

/** Waits for what the gateway is told of a pushkey. */
function toldOf(
  pushkey: string,
  isWanted: (all: readonly Notification[]) => boolean,
): Promise<readonly Notification[]> {
  return new Promise((resolve) => {
    const look = () => {
      if (isWanted(toldTo(pushkey))) resolve(toldTo(pushkey));
    };
    waiting.push(look);
    look();
  });
}
const hasEvent = (eventId: string) => (all: readonly Notification[]) => all.some((one) => one.event_id === eventId);

const pusher = (pushkey: string, data: object = { format: 'event_id_only' }) => ({
  kind: 'http',
  app_id: 'test.app',
  pushkey,
  app_display_name: 'App',
  device_display_name: 'Phone',
  lang: 'en',
  data: { url: URL, ...data },
});
const set = (client: Client, body: object) => client.ask('POST', '/pushers/set', body);
const pushersOf = async (client: Client) => (await client.ask('GET', '/pushers')).body['pushers'];

/** Alice has a room, Bob is in it and has a pusher. */
async function aPushedUser(data?: object): Promise<{ alice: Client; bob: Client; roomId: string; pushkey: string }> {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const pushkey = `key-${crypto.randomUUID()}`;
  const roomId = await alice.create({ preset: 'public_chat', name: 'The room' });
  await bob.join(roomId);
  expect(await set(bob, pusher(pushkey, data))).toMatchObject({ status: 200, body: {} });
  return { alice, bob, roomId, pushkey };
}

async function send(client: Client, roomId: string, content: object): Promise<string> {
  const path = `send/m.room.message/${crypto.randomUUID()}`;
  return String(
    (await client.inRoom('PUT', roomId, path, { msgtype: 'm.text', body: 'x', ...content })).body['event_id'],
  );
}

test('a pusher is listed as it was set, changed and removed', async () => {
  const bob = await aClient('bob');
  const pushkey = `key-${crypto.randomUUID()}`;
  expect(await pushersOf(bob)).toEqual([]);
  await set(bob, { ...pusher(pushkey, { custom: [1] }), profile_tag: 'tag' });
  expect(await pushersOf(bob)).toEqual([{ ...pusher(pushkey, { custom: [1] }), profile_tag: 'tag' }]);
  await set(bob, { ...pusher(pushkey), lang: 'de' });
  expect(await pushersOf(bob)).toEqual([{ ...pusher(pushkey), lang: 'de' }]);
  for (let n = 0; n < 2; n += 1) {
    expect(await set(bob, { kind: null, app_id: 'test.app', pushkey })).toMatchObject({ status: 200 });
  }
  expect(await pushersOf(bob)).toEqual([]);
});

test.each<[string, object]>([
  ['another kind', { kind: 'email' }],
  ['HTTP', { data: { url: 'http://gateway.test/_matrix/push/v1/notify' } }],
  ['another path', { data: { url: 'https://gateway.test/notify' } }],
  ['no URL', { data: {} }],
  ['a private address', { data: { url: 'https://10.0.0.1/_matrix/push/v1/notify' } }],
  ['the own machine', { data: { url: 'https://localhost/_matrix/push/v1/notify' } }],
  ['a long app_id', { app_id: 'x'.repeat(65) }],
  ['a long pushkey', { pushkey: 'ä'.repeat(257) }],
  ['long data', { data: { url: URL, x: 'x'.repeat(9_000) } }],
])('a pusher with %s is refused', async (_what, fields) => {
  const bob = await aClient('bob');
  const refused = { status: 400, body: { errcode: 'M_INVALID_PARAM' } };
  expect(await set(bob, { ...pusher('key'), ...fields })).toMatchObject(refused);
  expect(await pushersOf(bob)).toEqual([]);
});

test('a pusher beyond the most that a user may have is refused, and nobody is remembered for it', async () => {
  const bob = await aClient('bob');
  const [first = '', ...others] = Array.from({ length: 50 }, () => `key-${crypto.randomUUID()}`);
  for (const key of [first, ...others]) expect((await set(bob, pusher(key))).status).toBe(200);
  const { DB } = env as unknown as Env;
  const known = () => DB.prepare('select count(*) as n from pushkeys where user_id = ?').bind(bob.userId).first('n');
  expect(await set(bob, pusher('one more'))).toMatchObject({ status: 429, body: { errcode: 'M_LIMIT_EXCEEDED' } });
  expect(await known()).toBe(50);
  expect((await set(bob, { ...pusher(first), lang: 'de' })).status).toBe(200);
  expect(await known()).toBe(50);
});

test.each(['app_id', 'pushkey', 'kind', 'lang', 'data', 'app_display_name'])('%s is needed', async (name) => {
  const bob = await aClient('bob');
  const body: Record<string, unknown> = pusher('key');
  delete body[name];
  expect(await set(bob, body)).toMatchObject({ status: 400, body: { errcode: 'M_MISSING_PARAM' } });
});

test('a message is pushed by its ID, with what is unread; what notifies of nothing is not', async () => {
  const { alice, bob, roomId, pushkey } = await aPushedUser({ format: 'event_id_only', custom: 'x' });
  await send(bob, roomId, { body: 'own' });
  await send(alice, roomId, { msgtype: 'm.notice' });
  const first = await send(alice, roomId, {});
  await toldOf(pushkey, hasEvent(first));
  const second = await send(alice, roomId, { 'm.mentions': { user_ids: [bob.userId] } });
  const all = await toldOf(pushkey, hasEvent(second));
  expect(all.flatMap(({ event_id: eventId }) => eventId ?? [])).toEqual([first, second]);
  expect(all.at(-1)).toEqual({
    event_id: second,
    room_id: roomId,
    prio: 'high',
    counts: { unread: 2 },
    devices: [
      {
        app_id: 'test.app',
        pushkey,
        pushkey_ts: expect.any(Number),
        data: { format: 'event_id_only', custom: 'x' },
        tweaks: { sound: 'default', highlight: true },
      },
    ],
  });
});

test('without a format the gateway is told of the event, unless it is long', async () => {
  const { alice, roomId, pushkey } = await aPushedUser({});
  const short = await send(alice, roomId, { body: 'hello' });
  const long = await send(alice, roomId, { body: 'x'.repeat(10_000) });
  const all = await toldOf(pushkey, hasEvent(long));
  expect(all.find((one) => one.event_id === short)).toMatchObject({
    type: 'm.room.message',
    sender: alice.userId,
    user_is_target: false,
    room_name: 'The room',
    content: { msgtype: 'm.text', body: 'hello' },
  });
  expect(all.find((one) => one.event_id === long)).not.toHaveProperty('content');
});

test('an invitation is pushed, by who is not ignored', async () => {
  const { alice, bob, pushkey } = await aPushedUser({});
  const eve = await aClient('eve');
  await bob.ask('PUT', `/user/${encodeURIComponent(bob.userId)}/account_data/m.ignored_user_list`, {
    ignored_users: { [eve.userId]: {} },
  });
  const bad = await eve.create({ invite: [bob.userId] });
  const good = await alice.create({ invite: [bob.userId] });
  const all = await toldOf(pushkey, (list) => list.some(({ room_id: room }) => room === good));
  expect(all.find(({ room_id: room }) => room === good)).toMatchObject({ type: 'm.room.member', user_is_target: true });
  expect(all.some(({ room_id: room }) => room === bad)).toBe(false);
});

test('a receipt takes the number back', async () => {
  const { alice, bob, roomId, pushkey } = await aPushedUser();
  const eventId = await send(alice, roomId, {});
  await toldOf(pushkey, hasEvent(eventId));
  await bob.inRoom('POST', roomId, `receipt/m.read/${eventId}`, {});
  const all = await toldOf(pushkey, (list) => list.at(-1)?.event_id === undefined && list.length > 1);
  expect(all.at(-1)).toMatchObject({ counts: {}, prio: 'low' });
  expect(all.at(-1)).not.toHaveProperty('room_id');
});

test('what was unread before there was a pusher counts too', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const [one, two] = [await alice.create(), await alice.create()];
  for (const room of [one, two]) await bob.join(room);
  for (const room of [one, one, two]) await send(alice, room, {});
  await bob.syncUntil((body) => body.rooms?.join?.[two]?.unread_notifications?.notification_count === 1);
  const pushkey = `key-${crypto.randomUUID()}`;
  await set(bob, pusher(pushkey));
  await toldOf(pushkey, (list) => list.at(-1)?.counts.unread === 3);
});

test('a pushkey that the gateway rejects is pushed to no more', async () => {
  const { alice, bob, roomId, pushkey } = await aPushedUser();
  const other = `key-${crypto.randomUUID()}`;
  await set(bob, pusher(other));
  answer = ({ devices }) =>
    Response.json({ rejected: devices.some((one) => one.pushkey === pushkey) ? [pushkey] : [] });
  await toldOf(other, hasEvent(await send(alice, roomId, {})));
  await toldOf(pushkey, (list) => list.length > 0);
  await toldOf(other, hasEvent(await send(alice, roomId, {})));
  expect(await pushersOf(bob)).toMatchObject([{ pushkey: other }]);
});

test('a shard that is evicted between the tries of a gateway that fails tells everything in order', async () => {
  const { alice, bob, roomId, pushkey } = await aPushedUser();
  let tries = 0;
  answer = ({ devices }) => {
    if (devices.some((one) => one.pushkey === pushkey)) tries += 1;
    return new Response(null, { status: 503 });
  };
  const sent = [await send(alice, roomId, {}), await send(alice, roomId, {})];
  await eventually(() => expect(tries).toBeGreaterThan(0));
  const shard = (env as unknown as Env).USER.getByName(bob.token.split('_')[1] ?? '');
  await evictDurableObject(shard);
  answer = () => Response.json({});
  await eventually(async () => {
    await runDurableObjectAlarm(shard);
    expect(toldTo(pushkey).flatMap(({ event_id: eventId }) => eventId ?? [])).toEqual(sent);
  });
});

test('a pusher ends with its device, with a logout and when another user takes it over', async () => {
  const { alice, bob, pushkey } = await aPushedUser();
  await set(alice, { ...pusher(pushkey), append: true });
  expect(await pushersOf(bob)).toHaveLength(1);
  await set(alice, pusher(pushkey));
  expect(await pushersOf(bob)).toEqual([]);
  expect(await pushersOf(alice)).toHaveLength(1);
  const login = await bob.ask('POST', '/login', {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: bob.userId },
    password: PASSWORD,
  });
  const second = clientOf({ ...bob, token: String(login.body['access_token']) });
  await set(second, pusher(pushkey));
  expect(await pushersOf(bob)).toHaveLength(1);
  await second.ask('POST', '/logout', {});
  expect(await pushersOf(bob)).toEqual([]);
});

test('a user has at most fifty pushers', async () => {
  const bob = await aClient('bob');
  for (let n = 0; n < 50; n += 1) await set(bob, pusher(`key-${n}-${bob.userId}`));
  expect(await set(bob, pusher(`one more of ${bob.userId}`))).toMatchObject({ status: 429 });
  expect(await set(bob, { ...pusher(`key-0-${bob.userId}`), lang: 'de' })).toMatchObject({ status: 200 });
  expect(await pushersOf(bob)).toHaveLength(50);
});
