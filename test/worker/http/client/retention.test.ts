import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import { objectStubs } from '../../../../src/durable/objects.ts';
import type { RoomId } from '../../../../src/matrix/ids/brands.ts';
import { aRoom, inRoom, say, v3 } from '../../../support/worker/a-peer.ts';
import { bindings, config } from '../../../support/worker/a-shared-room.ts';
import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';
import { changeSettings, getMedia, uploaded } from '../../../support/worker/files.ts';

const { DB, SEARCH } = bindings;
const DAY = 86_400_000;
const roomStub = (roomId: string) => objectStubs(bindings, config).room(roomId as RoomId);

let admin: TestUser;
let alice: TestUser;
beforeAll(async () => {
  [admin, alice] = [await anAdministrator(), await aLoggedInUser('alice')];
});
beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }));
afterEach(async () => {
  await keepFor(0);
  vi.useRealTimers();
});

const keepFor = (days: number) => changeSettings(admin, { 'retention.default_days': days });
const later = (ms: number) => void vi.setSystemTime(Date.now() + ms);

const get = async (path: string, { token }: TestUser = alice) => ask('GET', `${v3}${path}`, { token });
const inPath = (roomId: string, path: string) => get(`/rooms/${encodeURIComponent(roomId)}${path}`);

async function bodiesIn(roomId: string): Promise<readonly unknown[]> {
  const { body } = await inPath(roomId, '/messages?dir=b&limit=100');
  const chunk = body['chunk'] as readonly { type: string; content: { body?: string } }[];
  return chunk.filter(({ type }) => type === 'm.room.message').map(({ content }) => content.body);
}

/** The bodies that the tables of a room hold. */
const keptIn = (roomId: string) =>
  runInDurableObject(roomStub(roomId), (_object, state) =>
    state.storage.sql
      .exec<{ body: string }>(
        `select json ->> '$.content.body' as body from events where json ->> '$.content.body' is not null order by rowid`,
      )
      .toArray()
      .map(({ body }) => body),
  );

/** Runs the alarms of a room until it holds what it should. */
const keeps = (roomId: string, bodies: readonly string[]) =>
  eventually(async () => {
    await runDurableObjectAlarm(roomStub(roomId));
    expect(await keptIn(roomId)).toEqual(bodies);
  });

async function syncedIn(roomId: string): Promise<readonly string[]> {
  const { body } = await get('/sync');
  const { join } = body['rooms'] as {
    join: Record<string, { timeline: { events: readonly { event_id: string }[] } }>;
  };
  return join[roomId]?.timeline.events.map(({ event_id: id }) => id) ?? [];
}

async function found(term: string): Promise<readonly unknown[]> {
  const body = { search_categories: { room_events: { search_term: term, order_by: 'recent' } } };
  const answer = await ask('POST', `${v3}/search`, { token: alice.token, body });
  const { results } = (
    answer.body['search_categories'] as { room_events: { results: readonly { result: { event_id: string } }[] } }
  ).room_events;
  return results.map(({ result }) => result.event_id);
}

test('an expired message is gone for clients at once, everywhere, and then from the tables', async () => {
  const roomId = await aRoom(alice);
  const word = `w${crypto.randomUUID().slice(0, 8)}`;
  await keepFor(1);
  later(1_000);
  const ts = Date.now();
  const eventId = await say(alice, roomId, word);
  await eventually(async () => expect(await found(word)).toEqual([eventId]));
  later(DAY / 2);
  const fresh = await say(alice, roomId, 'new');
  later(DAY / 2 + 1_000);
  expect(await bodiesIn(roomId)).toEqual(['new']);
  const event = encodeURIComponent(eventId);
  const room = `/rooms/${encodeURIComponent(roomId)}`;
  for (const path of [
    `${v3}${room}/event/${event}`,
    `${v3}${room}/context/${event}`,
    `/_matrix/client/v1${room}/relations/${event}`,
  ]) {
    const { status } = await ask('GET', path, { token: alice.token });
    expect([path, status]).toEqual([path, 404]);
  }
  expect(await found(word)).toEqual([]);
  const near = `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/timestamp_to_event?dir=f&ts=${ts}`;
  expect((await ask('GET', near, { token: alice.token })).body['event_id']).toBe(fresh);
  await eventually(async () => {
    const timeline = await syncedIn(roomId);
    expect(timeline).toContain(fresh);
    expect(timeline).not.toContain(eventId);
  });
  const read = { token: alice.token, body: {} };
  expect(await ask('POST', inRoom(roomId, `/receipt/m.read/${event}`), read)).toMatchObject({ status: 404 });
  await keeps(roomId, ['new']);
  const words = await SEARCH?.prepare('select count(*) as n from search_words where search_words match ?')
    .bind(word)
    .first();
  expect(words).toEqual({ n: 0 });
  expect(await bodiesIn(roomId)).toEqual(['new']);
  await say(alice, roomId, 'and on');
  expect(await bodiesIn(roomId)).toEqual(['and on', 'new']);
});

test('rooms where nothing happens are reached when the setting comes, and when their messages are old enough', async () => {
  const [old, young] = [await aRoom(alice), await aRoom(alice)];
  await say(alice, old, 'old');
  later(2 * DAY);
  await say(alice, young, 'young');
  for (const roomId of [old, young]) await evictDurableObject(roomStub(roomId));
  await keepFor(1);
  const { results } = await DB.prepare('select name from shards').all<{ name: string }>();
  await eventually(async () => {
    for (const { name } of results) await runDurableObjectAlarm(objectStubs(bindings, config).userShard(name));
    await runDurableObjectAlarm(roomStub(old));
    expect(await keptIn(old)).toEqual([]);
  });
  await keeps(young, ['young']);
  await evictDurableObject(roomStub(young));
  later(DAY + 1_000);
  await keeps(young, []);
});

test("a room's own rule wins over the default, survives an eviction in the middle, and can be taken back", async () => {
  const roomId = await aRoom(alice);
  const rule = (content: object) =>
    ask('PUT', inRoom(roomId, '/state/m.room.retention/'), { token: alice.token, body: content });
  const said = Array.from({ length: 60 }, (_, n) => `old ${n}`);
  for (const body of said) await say(alice, roomId, body);
  await keepFor(1);
  expect(await rule({ max_lifetime: 10 * DAY })).toMatchObject({ status: 200 });
  later(5 * DAY);
  expect(await bodiesIn(roomId)).toHaveLength(60);
  await rule({ max_lifetime: 2 * DAY });
  expect(await bodiesIn(roomId)).toEqual([]);
  await eventually(async () => {
    await runDurableObjectAlarm(roomStub(roomId));
    expect(await keptIn(roomId)).toHaveLength(10);
  });
  await evictDurableObject(roomStub(roomId));
  await keeps(roomId, []);
  await rule({});
  await keepFor(0);
  await say(alice, roomId, 'for ever');
  later(1_000 * DAY);
  expect(await bodiesIn(roomId)).toEqual(['for ever']);
  await keeps(roomId, ['for ever']);
});

test('with the setting for it a file goes with the message, and one that another names stays', async () => {
  const roomId = await aRoom(alice);
  await changeSettings(admin, { 'media.delete_with_event': true });
  const [gone, shared] = [await uploaded(alice, 'gone'), await uploaded(alice, 'shared')];
  const show = (path: string) =>
    ask('PUT', inRoom(roomId, `/send/m.room.message/${crypto.randomUUID()}`), {
      token: alice.token,
      body: { msgtype: 'm.image', body: path, url: `mxc://${path}` },
    });
  await keepFor(1);
  for (const path of [gone, shared]) await show(path);
  later(DAY / 2);
  const { body } = await show(shared);
  const projected = DB.prepare('select 1 from events where event_id = ?').bind(body['event_id']);
  await eventually(async () => expect(await projected.first()).not.toBeNull());
  later(DAY / 2 + 1_000);
  await keeps(roomId, [shared]);
  const status = async (path: string) => {
    const response = await getMedia(alice, `download/${path}`);
    await response.body?.cancel();
    return response.status;
  };
  expect([await status(gone), await status(shared)]).toEqual([404, 200]);
  await changeSettings(admin, { 'media.delete_with_event': false });
});

test.each([-1, 36_501, 0.5, '7', null])('a default of %s days is refused', async (days) => {
  const body = { settings: { 'retention.default_days': days } };
  const answer = await ask('PUT', '/_eyrie/admin/v1/settings', { token: admin.token, body });
  expect(answer).toMatchObject({
    status: 400,
    body: { errors: [{ key: 'retention.default_days', code: 'bad-number' }] },
  });
});
