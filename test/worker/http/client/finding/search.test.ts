import { env } from 'cloudflare:workers';
import { runDurableObjectAlarm } from 'cloudflare:test';
import { expect, test } from 'vitest';

import { aRoom, inRoom, say, v3 } from '../../../../support/worker/a-peer.ts';
import { aLoggedInUser, ask, askWith, type TestUser } from '../../../../support/worker/ask.ts';
import { eventually } from '../../../../support/worker/eventually.ts';

const { SEARCH, ROOM } = env as unknown as { SEARCH: D1Database; ROOM: DurableObjectNamespace };

interface Found {
  readonly count: number;
  readonly highlights: readonly string[];
  readonly results: readonly {
    readonly rank: number;
    readonly result: Record<string, unknown>;
    readonly context?: Record<string, unknown>;
  }[];
  readonly groups?: Record<string, Record<string, { order: number; results: string[]; next_batch?: string }>>;
  readonly state?: Record<string, readonly Record<string, unknown>[]>;
  readonly next_batch?: string;
}

async function search({ token }: TestUser, term: string, criteria: object = {}, from = ''): Promise<Found> {
  const path = `${v3}/search${from === '' ? '' : `?next_batch=${encodeURIComponent(from)}`}`;
  const body = { search_categories: { room_events: { search_term: term, order_by: 'recent', ...criteria } } };
  const answer = await ask('POST', path, { token, body });
  expect(answer).toMatchObject({ status: 200 });
  return (answer.body['search_categories'] as { room_events: Found }).room_events;
}

const idsOf = ({ results }: Pick<Found, 'results'>) => results.map(({ result }) => result['event_id']);

/** Waits until the database of search has come so far, as it does within two seconds. */
const finds = (user: TestUser, term: string, ids: readonly string[], criteria: object = {}) =>
  eventually(async () => {
    const found = await search(user, term, criteria);
    expect(idsOf(found)).toEqual(ids);
    return found;
  });

const word = () => `w${crypto.randomUUID().slice(0, 8)}`;

async function join({ token }: TestUser, roomId: string): Promise<void> {
  expect(await ask('POST', inRoom(roomId, '/join'), { token, body: {} })).toMatchObject({ status: 200 });
}

async function change({ token }: TestUser, roomId: string, path: string, body: object): Promise<string> {
  const answer = await ask('PUT', inRoom(roomId, `/${path}`), { token, body });
  expect(answer).toMatchObject({ status: 200 });
  return String(answer.body['event_id']);
}

const redact = (user: TestUser, roomId: string, eventId: string) =>
  change(user, roomId, `redact/${encodeURIComponent(eventId)}/${word()}`, {});

const edit = (user: TestUser, roomId: string, eventId: string, body: string) =>
  change(user, roomId, `send/m.room.message/${word()}`, {
    msgtype: 'm.text',
    body: `* ${body}`,
    'm.new_content': { msgtype: 'm.text', body },
    'm.relates_to': { rel_type: 'm.replace', event_id: eventId },
  });

test('messages, names and topics are found by words, in languages without spaces too', async () => {
  const alice = await aLoggedInUser('alice');
  const w = word();
  const roomId = await aRoom(alice, { name: `Name ${w}`, topic: `Topic ${w}` });
  const ids = [await say(alice, roomId, `我们明天去北京开会 ${w}`), await say(alice, roomId, `Das CAFÉ schließt ${w}`)];
  const found = await finds(alice, `北京 ${w}`, [ids[0] ?? '']);
  expect(found).toMatchObject({ count: 1, highlights: ['北京', w], results: [{ result: { room_id: roomId } }] });
  await finds(alice, `cafe ${w.toUpperCase()}`, [ids[1] ?? '']);
  expect((await search(alice, `caf ${w}`)).highlights).toEqual(['café', w]);
  expect((await search(alice, w)).results).toHaveLength(4);
  expect((await search(alice, w, { keys: ['content.name'] })).results).toMatchObject([
    { result: { type: 'm.room.name', content: { name: `Name ${w}` } } },
  ]);
  expect((await search(alice, w, { keys: ['content.topic', 'content.name'] })).results).toHaveLength(2);
  expect((await search(alice, w, { filter: { types: ['m.room.t*'] } })).results).toHaveLength(1);
  expect(await search(alice, `${w} nowhere`)).toMatchObject({ count: 0, results: [], highlights: [] });
  expect(await search(alice, '  … 👍 " ')).toMatchObject({ count: 0, results: [] });
});

test('an edit replaces what a message is found by, and a redacted edit does so no more', async () => {
  const alice = await aLoggedInUser('alice');
  const [first, second] = [word(), word()];
  const roomId = await aRoom(alice);
  const eventId = await say(alice, roomId, first);
  await finds(alice, first, [eventId]);
  const editId = await edit(alice, roomId, eventId, second);
  const found = await finds(alice, second, [eventId]);
  expect(found.results).toMatchObject([
    { result: { unsigned: { 'm.relations': { 'm.replace': { event_id: editId } } } } },
  ]);
  await finds(alice, first, []);
  await redact(alice, roomId, editId);
  await finds(alice, first, [eventId]);
  await finds(alice, second, []);
});

test('of a redacted message no word is kept', async () => {
  const alice = await aLoggedInUser('alice');
  const w = word();
  const eventId = await say(alice, await aRoom(alice), w);
  await finds(alice, w, [eventId]);
  const roomId = String((await search(alice, w)).results[0]?.result['room_id']);
  await redact(alice, roomId, eventId);
  expect((await search(alice, w)).results).toEqual([]);
  await eventually(async () => {
    const kept = await SEARCH.prepare('select count(*) as n from search_words where search_words match ?')
      .bind(w)
      .first();
    expect(kept).toEqual({ n: 0 });
  });
});

test('encrypted events are not found, and nothing of them is kept', async () => {
  const alice = await aLoggedInUser('alice');
  const w = word();
  const roomId = await aRoom(alice);
  await change(alice, roomId, `send/m.room.encrypted/${w}`, { algorithm: 'm.megolm.v1.aes-sha2', body: w });
  const eventId = await say(alice, roomId, `behind ${w}`);
  await finds(alice, w, [eventId]);
});

test('only what a user may see is found: until they were kicked, and not by an edit after that', async () => {
  const [alice, bob, eve] = [await aLoggedInUser('alice'), await aLoggedInUser('bob'), await aLoggedInUser('eve')];
  const [w, later] = [word(), word()];
  const roomId = await aRoom(alice, {
    initial_state: [{ type: 'm.room.history_visibility', content: { history_visibility: 'joined' } }],
  });
  const before = await say(alice, roomId, `before ${w}`);
  await join(bob, roomId);
  const seen = await say(alice, roomId, `seen ${w}`);
  await ask('POST', inRoom(roomId, '/kick'), { token: alice.token, body: { user_id: bob.userId } });
  const after = await say(alice, roomId, `after ${w}`);
  await finds(alice, w, [after, seen, before]);
  await finds(bob, w, [seen]);
  expect((await search(eve, w)).results).toEqual([]);
  await edit(alice, roomId, seen, later);
  await finds(alice, later, [seen]);
  expect((await search(bob, later)).results).toEqual([]);
  await ask('POST', inRoom(roomId, '/forget'), { token: bob.token, body: {} });
  expect((await search(bob, w)).results).toEqual([]);
});

test('what ignored users said is left out', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const w = word();
  const roomId = await aRoom(alice);
  await join(bob, roomId);
  const [, own] = [await say(bob, roomId, w), await say(alice, roomId, w)];
  await eventually(async () => expect((await search(alice, w)).results).toHaveLength(2));
  const path = `${v3}/user/${encodeURIComponent(alice.userId)}/account_data/m.ignored_user_list`;
  await ask('PUT', path, { token: alice.token, body: { ignored_users: { [bob.userId]: {} } } });
  expect(idsOf(await search(alice, w))).toEqual([own]);
});

test('pages follow each other, by time and by rank, and groups have pages of their own', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const w = word();
  const [one, two] = [await aRoom(alice), await aRoom(alice)];
  await join(bob, one);
  const ids = [await say(alice, one, w), await say(bob, one, `${w} again`), await say(alice, two, `${w} ${w} ${w}`)];
  await eventually(async () => expect(await search(alice, w)).toMatchObject({ count: 3 }));
  const groupings = { group_by: [{ key: 'room_id' }, { key: 'sender' }] };
  const first = await search(alice, w, { filter: { limit: 2 }, groupings });
  expect(idsOf(first)).toEqual([ids[2], ids[1]]);
  expect(first.count).toBe(3);
  expect(first.groups).toMatchObject({
    room_id: { [two]: { order: 1, results: [ids[2]] }, [one]: { order: 2, results: [ids[1]] } },
    sender: { [alice.userId]: { order: 1, results: [ids[2]] }, [bob.userId]: { order: 2, results: [ids[1]] } },
  });
  const rest = await search(alice, w, { filter: { limit: 2 } }, first.next_batch);
  expect(idsOf(rest)).toEqual([ids[0]]);
  expect(rest.next_batch).toBeUndefined();
  const ofGroup = (key: string, value: string) => first.groups?.[key]?.[value]?.next_batch ?? '';
  expect(idsOf(await search(alice, w, {}, ofGroup('room_id', two)))).toEqual([]);
  expect(idsOf(await search(alice, w, {}, ofGroup('sender', alice.userId)))).toEqual([ids[0]]);
  const ranked = await search(alice, w, { order_by: 'rank', filter: { limit: 1 } });
  expect(idsOf(ranked)).toEqual([ids[2]]);
  const behind = await search(alice, w, { order_by: 'rank' }, ranked.next_batch);
  expect(new Set(idsOf(behind))).toEqual(new Set([ids[0], ids[1]]));
  expect(behind.results.every(({ rank }) => rank <= (ranked.results[0]?.rank ?? 0))).toBe(true);
  expect(idsOf(await search(alice, w, { filter: { rooms: [one], senders: [alice.userId] } }))).toEqual([ids[0]]);
  expect(idsOf(await search(alice, w, { filter: { not_rooms: [one] } }))).toEqual([ids[2]]);
  expect(idsOf(await search(alice, w, { filter: { not_senders: [alice.userId] } }))).toEqual([ids[1]]);
});

test('what is found comes with what is around it, the profiles of then, and the state of now', async () => {
  const alice = await aLoggedInUser('alice');
  const w = word();
  const roomId = await aRoom(alice);
  await change(alice, roomId, `state/m.room.member/${alice.userId}`, { membership: 'join', displayname: 'Alice then' });
  const ids = [];
  for (const text of ['a', 'b', w, 'c', 'd']) ids.push(await say(alice, roomId, text));
  await change(alice, roomId, `state/m.room.member/${alice.userId}`, { membership: 'join', displayname: 'Alice now' });
  const found = await finds(alice, w, [ids[2] ?? ''], {
    event_context: { before_limit: 1, after_limit: 2, include_profile: true },
    include_state: true,
  });
  const context = found.results[0]?.context;
  expect(context).toMatchObject({
    events_before: [{ event_id: ids[1], room_id: roomId }],
    events_after: [{ event_id: ids[3] }, { event_id: ids[4] }],
    profile_info: { [alice.userId]: { displayname: 'Alice then' } },
  });
  const older = await ask('GET', inRoom(roomId, `/messages?dir=b&limit=1&from=${String(context?.['start'])}`), alice);
  expect(older.body['chunk']).toMatchObject([{ event_id: ids[0] }]);
  expect(found.state?.[roomId]).toContainEqual(
    expect.objectContaining({ type: 'm.room.member', content: { membership: 'join', displayname: 'Alice now' } }),
  );
});

test('a room that was there before the database is filled in', async () => {
  const alice = await aLoggedInUser('alice');
  const w = word();
  const roomId = await aRoom(alice);
  const ids = [];
  for (let said = 0; said < 60; said += 1) ids.push(await say(alice, roomId, `${w} ${said}`));
  await eventually(async () => expect(await search(alice, w, { filter: { limit: 50 } })).toMatchObject({ count: 60 }));
  await SEARCH.batch([
    SEARCH.prepare('delete from searched_rooms'),
    SEARCH.prepare('delete from searched_events'),
    SEARCH.prepare('delete from search_words'),
  ]);
  const stub = ROOM.get(ROOM.idFromName(roomId));
  await eventually(async () => {
    const found = await search(alice, w, { filter: { limit: 50 } });
    await runDurableObjectAlarm(stub);
    expect(found).toMatchObject({ count: 60 });
  });
  await finds(alice, `${w} 0`, [ids[0] ?? '']);
});

test('what is asked wrongly is refused, and a deployment without the database says so', async () => {
  const { token } = await aLoggedInUser('alice');
  const categories = (criteria: object) => ({ search_categories: { room_events: criteria } });
  const status = async (body: object, query = '') =>
    (await ask('POST', `${v3}/search${query}`, { token, body })).body['errcode'];
  expect(await status({})).toBe('M_MISSING_PARAM');
  expect(await status(categories({}))).toBe('M_MISSING_PARAM');
  expect(await status(categories({ search_term: 5 }))).toBe('M_BAD_JSON');
  expect(await status(categories({ search_term: 'a', keys: ['content.other'] }))).toBe('M_BAD_JSON');
  expect(await status(categories({ search_term: 'a', order_by: 'best' }))).toBe('M_BAD_JSON');
  expect(await status(categories({ search_term: 'a' }), '?next_batch=no')).toBe('M_INVALID_PARAM');
  expect(await ask('POST', `${v3}/search`, { body: categories({ search_term: 'a' }) })).toMatchObject({ status: 401 });
  const without = await askWith({ SEARCH: null })('POST', `${v3}/search`, {
    token,
    body: categories({ search_term: 'a' }),
  });
  expect(without).toMatchObject({ status: 404, body: { errcode: 'M_UNRECOGNIZED' } });
});
