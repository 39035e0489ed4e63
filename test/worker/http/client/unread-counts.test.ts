import { expect, test } from 'vitest';

import { aClient, type Client, type SyncBody } from '../../../support/worker/client.ts';

/** Alice has a room, and Bob is in it. */
async function aSharedRoom(options?: object): Promise<{ alice: Client; bob: Client; roomId: string }> {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create(options);
  await bob.join(roomId);
  return { alice, bob, roomId };
}

async function send(client: Client, roomId: string, content: object, type = 'm.room.message'): Promise<string> {
  const path = `send/${type}/${crypto.randomUUID()}`;
  const { status, body } = await client.inRoom('PUT', roomId, path, content);
  expect({ status, body }).toMatchObject({ status: 200 });
  return String(body['event_id']);
}

/** What Bob is told to have unread when everything has arrived: after a last event that counts for nobody. */
async function unread(sender: Client, reader: Client, roomId: string): Promise<readonly [number, number]> {
  const last = await send(sender, roomId, {}, 'test.nothing');
  const seen = (body: SyncBody) =>
    body.rooms?.join?.[roomId]?.timeline.events.some(({ event_id: eventId }) => eventId === last) === true;
  const body = await reader.syncUntil(seen);
  const counts = body.rooms?.join?.[roomId]?.unread_notifications;
  return [counts?.notification_count ?? -1, counts?.highlight_count ?? -1];
}

const text = (body: string, more: object = {}) => ({ msgtype: 'm.text', body, ...more });
const mention = (...users: readonly Client[]) => ({ 'm.mentions': { user_ids: users.map(({ userId }) => userId) } });

test('messages notify, mentions highlight, and notices, edits, reactions and joins do neither', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  const first = await send(alice, roomId, text('one'));
  expect(await unread(alice, bob, roomId)).toEqual([1, 0]);
  await send(alice, roomId, text('you', mention(bob)));
  await send(alice, roomId, text('somebody else', mention(alice)));
  expect(await unread(alice, bob, roomId)).toEqual([3, 1]);
  await send(alice, roomId, { ...text('a notice', mention(bob)), msgtype: 'm.notice' });
  const edit = { 'm.relates_to': { rel_type: 'm.replace', event_id: first }, 'm.new_content': text('two') };
  await send(alice, roomId, text('* two', edit));
  await send(alice, roomId, { 'm.relates_to': { rel_type: 'm.annotation', event_id: first, key: 'x' } }, 'm.reaction');
  await (await aClient('carl')).join(roomId);
  await send(alice, roomId, { algorithm: 'm.megolm.v1.aes-sha2', ciphertext: 'x' }, 'm.room.encrypted');
  expect(await unread(alice, bob, roomId)).toEqual([4, 1]);
});

test('a mention of more users than is kept at hand highlights for each of them', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  const many = Array.from({ length: 400 }, (_, index) => `@user${index}:elsewhere.test`);
  await send(alice, roomId, text('all', { 'm.mentions': { user_ids: [...many, bob.userId] } }));
  expect(await unread(alice, bob, roomId)).toEqual([1, 1]);
});

test('the room is mentioned only by who may', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  const all = { 'm.mentions': { room: true } };
  await send(bob, roomId, text('@room', all));
  expect(await unread(bob, alice, roomId)).toEqual([1, 0]);
  await send(alice, roomId, text('@room', all));
  expect(await unread(alice, bob, roomId)).toEqual([1, 1]);
});

test('a keyword highlights where it stands as a word', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  await bob.ask('PUT', '/pushrules/global/content/cake', {
    pattern: 'cake',
    actions: ['notify', { set_tweak: 'highlight' }],
  });
  await send(alice, roomId, text('pancakes'));
  await send(alice, roomId, text('CAKE!'));
  await send(alice, roomId, { ...text('cake'), msgtype: 'm.notice' });
  expect(await unread(alice, bob, roomId)).toEqual([2, 1]);
});

test('a room that is muted counts nothing, one with mentions only counts these, and others go on', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  const other = await alice.create();
  await bob.join(other);
  for (const room of [roomId, other]) {
    await send(alice, room, text('one'));
    await send(alice, room, text('you', mention(bob)));
  }
  await bob.ask('PUT', `/pushrules/global/room/${encodeURIComponent(roomId)}`, { actions: ['dont_notify'] });
  expect(await unread(alice, bob, roomId)).toEqual([1, 1]);
  const conditions = [{ kind: 'event_match', key: 'room_id', pattern: roomId }];
  await bob.ask('PUT', `/pushrules/global/override/${encodeURIComponent(roomId)}`, { actions: [], conditions });
  expect(await unread(alice, bob, roomId)).toEqual([0, 0]);
  expect(await unread(alice, bob, other)).toEqual([2, 1]);
  await bob.ask('PUT', `/pushrules/global/override/${encodeURIComponent(roomId)}/enabled`, { enabled: false });
  expect(await unread(alice, bob, roomId)).toEqual([1, 1]);
});

test('rules about a sender, the number of members and the own name are followed', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  const carl = await aClient('carl');
  await bob.ask('PUT', `/pushrules/global/sender/${encodeURIComponent(alice.userId)}`, { actions: [] });
  await send(alice, roomId, text('unheard'));
  expect(await unread(alice, bob, roomId)).toEqual([0, 0]);
  const small = [{ kind: 'room_member_count', is: '<3' }];
  await bob.ask('PUT', '/pushrules/global/override/small', {
    actions: ['notify', { set_tweak: 'highlight' }],
    conditions: small,
  });
  expect(await unread(alice, bob, roomId)).toEqual([3, 3]);
  await carl.join(roomId);
  await bob.ask('DELETE', '/pushrules/global/override/small');
  await bob.ask('PUT', '/pushrules/global/override/name', {
    actions: ['notify', { set_tweak: 'highlight' }],
    conditions: [{ kind: 'contains_display_name' }],
  });
  await bob.ask('PUT', `/profile/${encodeURIComponent(bob.userId)}/displayname`, { displayname: 'Bobby' });
  await send(carl, roomId, text('hello bobby'));
  await send(carl, roomId, text('hello bob'));
  expect(await unread(carl, bob, roomId)).toEqual([2, 1]);
});

test('the master rule silences everything', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  await send(alice, roomId, text('you', mention(bob)));
  await bob.ask('PUT', '/pushrules/global/override/.m.rule.master/enabled', { enabled: true });
  expect(await unread(alice, bob, roomId)).toEqual([0, 0]);
});

test('what is redacted is not unread any more', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  const mentioned = await send(alice, roomId, text('you', mention(bob)));
  await send(alice, roomId, text('one'));
  expect(await unread(alice, bob, roomId)).toEqual([2, 1]);
  await alice.inRoom('PUT', roomId, `redact/${mentioned}/${crypto.randomUUID()}`, {});
  expect(await unread(alice, bob, roomId)).toEqual([1, 0]);
});

test('each of many readers has their own counts, whoever asks first', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  const carl = await aClient('carl');
  const early = await send(alice, roomId, text('one', mention(bob)));
  await carl.join(roomId);
  await send(alice, roomId, text('two', mention(carl)));
  await bob.inRoom('POST', roomId, `receipt/m.read/${early}`, {});
  expect(await unread(alice, bob, roomId)).toEqual([1, 0]);
  expect(await unread(alice, carl, roomId)).toEqual([1, 1]);
  const dora = await aClient('dora');
  await dora.join(roomId);
  await send(bob, roomId, text('three', mention(dora, alice)));
  expect(await unread(bob, dora, roomId)).toEqual([1, 1]);
  expect(await unread(bob, alice, roomId)).toEqual([1, 1]);
  expect(await unread(bob, carl, roomId)).toEqual([2, 1]);
});

test('highlights are told by thread', async () => {
  const { alice, bob, roomId } = await aSharedRoom();
  const root = await send(alice, roomId, text('root'));
  await send(
    alice,
    roomId,
    text('in it', { 'm.relates_to': { rel_type: 'm.thread', event_id: root }, ...mention(bob) }),
  );
  expect(await unread(alice, bob, roomId)).toEqual([2, 1]);
  const filter = { room: { timeline: { unread_thread_notifications: true } } };
  expect((await bob.sync({ filter })).rooms?.join?.[roomId]).toMatchObject({
    unread_notifications: { notification_count: 1, highlight_count: 0 },
    unread_thread_notifications: { [root]: { notification_count: 1, highlight_count: 1 } },
  });
});
