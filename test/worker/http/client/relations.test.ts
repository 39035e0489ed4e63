import { expect, test } from 'vitest';

import { aClient, idsOf, type Client, type ShownEvent } from '../../../support/worker/client.ts';
import {
  askV1,
  chunkOf,
  edit,
  ignore,
  react,
  refer,
  relationsOf,
  reply,
  send,
} from '../../../support/worker/relations.ts';

async function aRoom(): Promise<{ alice: Client; roomId: string; root: string }> {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  return { alice, roomId, root: await alice.say(roomId, 'root') };
}

test('relations are told newest first, or from the oldest on, and by type of relation and of event', async () => {
  const { alice, roomId, root } = await aRoom();
  const replied = await reply(alice, roomId, root, 'one');
  const edited = await edit(alice, roomId, root, 'the root');
  const reacted = await react(alice, roomId, root, '👍');
  const listed = async (rest: string) => idsOf((await chunkOf(alice, roomId, `relations/${root}${rest}`)).chunk);
  expect(await listed('')).toEqual([reacted, edited, replied]);
  expect(await listed('?dir=f')).toEqual([replied, edited, reacted]);
  expect(await listed('/m.replace')).toEqual([edited]);
  expect(await listed('/m.thread/m.room.message')).toEqual([replied]);
  expect(await listed('/m.thread/m.reaction')).toEqual([]);
});

test('pages follow each other both ways, between two tokens', async () => {
  const { alice, roomId, root } = await aRoom();
  const ids: string[] = [];
  for (let n = 0; n < 5; n += 1) ids.push(await refer(alice, roomId, root));
  const pages = async (dir: 'b' | 'f') => {
    const seen: string[] = [];
    const tokens: string[] = [];
    let from = '';
    for (;;) {
      const page = await chunkOf(alice, roomId, `relations/${root}?dir=${dir}&limit=2${from && `&from=${from}`}`);
      seen.push(...idsOf(page.chunk));
      expect(page.prev_batch).toBe(from === '' ? undefined : from);
      if (page.next_batch === undefined) return { seen, tokens };
      from = page.next_batch;
      tokens.push(from);
    }
  };
  expect((await pages('f')).seen).toEqual(ids);
  const { seen, tokens } = await pages('b');
  expect(seen).toEqual(ids.toReversed());
  const between = await chunkOf(alice, roomId, `relations/${root}?from=${tokens[0]}&to=${tokens[1]}`);
  expect(idsOf(between.chunk)).toEqual([ids[2], ids[1]]);
  const { next_batch: since } = await alice.syncUntil(({ rooms }) =>
    idsOf(rooms?.join?.[roomId]?.timeline.events).includes(String(ids[4])),
  );
  await refer(alice, roomId, root);
  expect(idsOf((await chunkOf(alice, roomId, `relations/${root}?from=${since}`)).chunk)).toEqual(ids.toReversed());
});

test('recursion follows what relates to the children, three levels down, through what the filter lets pass', async () => {
  const { alice, roomId, root } = await aRoom();
  const replied = await reply(alice, roomId, root, 'one');
  const edited = await edit(alice, roomId, replied, 'one and a half');
  const reacted = await react(alice, roomId, edited, '👍');
  const tooDeep = await refer(alice, roomId, reacted);
  const all = await chunkOf(alice, roomId, `relations/${root}?recurse=true`);
  expect([idsOf(all.chunk), all.recursion_depth]).toEqual([[reacted, edited, replied], 3]);
  expect(idsOf(all.chunk)).not.toContain(tooDeep);
  expect(relationsOf(all.chunk[2])).toMatchObject({ 'm.replace': { event_id: edited } });
  expect(idsOf((await chunkOf(alice, roomId, `relations/${root}/m.replace?recurse=true`)).chunk)).toEqual([]);
  const byOldName = await chunkOf(alice, roomId, `relations/${root}?org.matrix.msc3981.recurse=true`);
  expect(idsOf(byOldName.chunk)).toEqual(idsOf(all.chunk));
  const direct = await chunkOf(alice, roomId, `relations/${root}`);
  expect([idsOf(direct.chunk), direct.recursion_depth]).toEqual([[replied], undefined]);
});

test('a relation without a type is none, and an event that is not here has no list', async () => {
  const { alice, roomId, root } = await aRoom();
  await send(alice, roomId, 'm.room.message', { body: 'x', 'm.relates_to': { event_id: root } });
  await send(alice, roomId, 'm.room.message', { body: 'x', 'm.relates_to': { 'm.in_reply_to': { event_id: root } } });
  await send(alice, roomId, 'm.room.message', { body: 'x', 'm.relates_to': { rel_type: {}, event_id: root } });
  expect((await chunkOf(alice, roomId, `relations/${root}`)).chunk).toEqual([]);
  expect(await askV1(alice, roomId, 'relations/$unknown')).toMatchObject({
    status: 404,
    body: { errcode: 'M_NOT_FOUND' },
  });
});

test.each(['dir=x', 'limit=0', 'limit=x', 'from=x', 'to=x', 'recurse=x'])('%s is refused', async (query) => {
  const { alice, roomId, root } = await aRoom();
  expect(await askV1(alice, roomId, `relations/${root}?${query}`)).toMatchObject({
    status: 400,
    body: { errcode: 'M_INVALID_PARAM' },
  });
});

test('threads are listed by their newest reply, page by page, all or those one took part in', async () => {
  const { alice, roomId, root } = await aRoom();
  const bob = await aClient('bob');
  await bob.join(roomId);
  const [second, third] = [await alice.say(roomId, 'two'), await bob.say(roomId, 'three')];
  for (const id of [root, second, third]) await reply(alice, roomId, id, 'in it');
  await reply(bob, roomId, root, 'again');
  const list = (client: Client, rest = '') => chunkOf(client, roomId, `threads${rest}`);
  const all = await list(alice);
  expect([idsOf(all.chunk), all.next_batch]).toEqual([[root, third, second], undefined]);
  expect(relationsOf(all.chunk[0])).toMatchObject({
    'm.thread': { count: 2, latest_event: { content: { body: 'again' } } },
  });
  expect(idsOf((await list(bob, '?include=participated')).chunk)).toEqual([root, third]);
  const first = await list(bob, '?limit=2');
  expect(idsOf(first.chunk)).toEqual([root, third]);
  const rest = await list(bob, `?limit=2&from=${first.next_batch}`);
  expect([idsOf(rest.chunk), rest.next_batch]).toEqual([[second], undefined]);
  const last = await list(alice, '?limit=3');
  expect([last.chunk.length, last.next_batch]).toEqual([3, undefined]);
});

test('the root of a thread by an ignored user is listed redacted', async () => {
  const { alice, roomId } = await aRoom();
  const bob = await aClient('bob');
  await bob.join(roomId);
  const root = await bob.say(roomId, 'hidden');
  await reply(alice, roomId, root, 'in it');
  await ignore(alice, bob.userId);
  const { chunk } = await chunkOf(alice, roomId, 'threads');
  expect(chunk).toMatchObject([{ event_id: root, content: {} }]);
  expect(chunk[0]?.content).toEqual({});
});

test('a thread that one may see nothing of is not listed', async () => {
  const { alice, roomId, root } = await aRoom();
  await reply(alice, roomId, root, 'before');
  await alice.inRoom('PUT', roomId, 'state/m.room.history_visibility', { history_visibility: 'joined' });
  const hidden = await alice.say(roomId, 'hidden');
  await reply(alice, roomId, hidden, 'hidden too');
  const bob = await aClient('bob');
  await bob.join(roomId);
  expect(idsOf((await chunkOf(bob, roomId, 'threads')).chunk)).toEqual([root]);
  expect((await askV1(bob, roomId, `relations/${hidden}`)).status).toBe(404);
});

test.each(['include=x', 'limit=0', 'from=x'])('threads with %s are refused', async (query) => {
  const { alice, roomId } = await aRoom();
  expect(await askV1(alice, roomId, `threads?${query}`)).toMatchObject({
    status: 400,
    body: { errcode: 'M_INVALID_PARAM' },
  });
});

test('a page of messages is cut down to what has relations of a type or by a user', async () => {
  const { alice, roomId, root } = await aRoom();
  const bob = await aClient('bob');
  await bob.join(roomId);
  const other = await alice.say(roomId, 'other');
  await reply(alice, roomId, root, 'one');
  await edit(alice, roomId, other, 'another');
  await react(bob, roomId, other, '👍');
  const filtered = async (filter: object) => {
    const path = `messages?dir=b&limit=50&filter=${encodeURIComponent(JSON.stringify(filter))}`;
    return idsOf((await alice.inRoom('GET', roomId, path)).body['chunk'] as ShownEvent[]);
  };
  expect(await filtered({ related_by_rel_types: ['m.thread'] })).toEqual([root]);
  expect(await filtered({ related_by_rel_types: ['m.thread', 'm.replace'] })).toEqual([other, root]);
  expect(await filtered({ related_by_senders: [bob.userId] })).toEqual([other]);
  expect(await filtered({ related_by_senders: [bob.userId], related_by_rel_types: ['m.replace'] })).toEqual([]);
  expect(await filtered({ related_by_rel_types: [] })).toEqual([]);
});
