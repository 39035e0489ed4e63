import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import type { RoomId } from '../../../src/matrix/ids/brands.ts';
import { aPeer, forgetPeers, joinFrom } from '../../support/worker/a-peer.ts';
import {
  aReceivingAppservice,
  stubAppservices,
  stubAppservicesBeside,
  type ReceivingAppservice,
} from '../../support/worker/a-receiving-appservice.ts';
import { anOwnedUser, askAs } from '../../support/worker/an-appservice.ts';
import { aClient, type Client } from '../../support/worker/client.ts';
import { eventually } from '../../support/worker/eventually.ts';

const v3 = '/_matrix/client/v3';

beforeAll(stubAppservices);
afterAll(() => vi.restoreAllMocks());

/** Alice and a user of an application service in a room. */
async function aBridgedRoom(
  changes: object = { receive_ephemeral: true },
  room: object = { preset: 'public_chat' },
): Promise<{ appservice: ReceivingAppservice; alice: Client; roomId: string; eventId: string }> {
  const appservice = await aReceivingAppservice({ ...changes });
  const user = await anOwnedUser(appservice);
  const alice = await aClient('alice');
  const roomId = await alice.create(room);
  await askAs(appservice, user, 'POST', `${v3}/rooms/${encodeURIComponent(roomId)}/join`, {});
  const eventId = await alice.say(roomId, 'hello');
  await appservice.hears(eventId);
  return { appservice, alice, roomId, eventId };
}

const typing = (alice: Client, roomId: string, isTyping: boolean) =>
  alice.inRoom('PUT', roomId, `typing/${encodeURIComponent(alice.userId)}`, { typing: isTyping, timeout: 30_000 });

test('who types in a room of interest, and who has stopped, is sent with the room', async () => {
  const { appservice, alice, roomId } = await aBridgedRoom();
  const elsewhere = await alice.create();
  await typing(alice, elsewhere, true);
  await typing(alice, roomId, true);
  const typed = () => appservice.ephemeral().filter(({ type }) => type === 'm.typing');
  await eventually(() => expect(typed()).toHaveLength(1));
  await typing(alice, roomId, false);
  await eventually(() => expect(typed()).toHaveLength(2));
  expect(typed()).toEqual([
    { type: 'm.typing', room_id: roomId, content: { user_ids: [alice.userId] } },
    { type: 'm.typing', room_id: roomId, content: { user_ids: [] } },
  ]);
});

test('receipts in rooms of interest are sent, threads included', async () => {
  const { appservice, alice, roomId, eventId } = await aBridgedRoom();
  const elsewhere = await alice.create();
  await alice.inRoom('POST', elsewhere, `receipt/m.read/${await alice.say(elsewhere, 'x')}`, {});
  await alice.inRoom('POST', roomId, `receipt/m.read/${eventId}`, { thread_id: 'main' });
  const receipts = () => appservice.ephemeral().filter(({ type }) => type === 'm.receipt');
  await eventually(() => expect(receipts()).toHaveLength(1));
  expect(receipts()).toEqual([
    {
      type: 'm.receipt',
      room_id: roomId,
      content: { [eventId]: { 'm.read': { [alice.userId]: { ts: expect.any(Number), thread_id: 'main' } } } },
    },
  ]);
});

test('presence of who is in a room of interest is sent, and of nobody else', async () => {
  const { appservice, alice } = await aBridgedRoom();
  const stranger = await aClient('stranger');
  for (const client of [stranger, alice]) {
    const path = `/presence/${encodeURIComponent(client.userId)}/status`;
    await client.ask('PUT', path, { presence: 'online', status_msg: 'here' });
  }
  const seen = () => appservice.ephemeral().filter(({ type }) => type === 'm.presence');
  await eventually(() =>
    expect(seen()).toContainEqual({
      type: 'm.presence',
      sender: alice.userId,
      content: expect.objectContaining({ presence: 'online', status_msg: 'here' }) as unknown,
    }),
  );
  expect(seen().filter(({ sender }) => sender === stranger.userId)).toEqual([]);
});

test('who has not asked for ephemeral data is sent events alone', async () => {
  const { appservice, alice, roomId, eventId } = await aBridgedRoom({});
  await typing(alice, roomId, true);
  await alice.inRoom('POST', roomId, `receipt/m.read/${eventId}`, {});
  await appservice.hears(await alice.say(roomId, 'later'));
  expect(appservice.ephemeral()).toEqual([]);
});

test('who asked by the older name is told by that too', async () => {
  const { appservice, alice, roomId } = await aBridgedRoom({ 'de.sorunome.msc2409.push_ephemeral': true });
  await typing(alice, roomId, true);
  await eventually(() => expect(appservice.ephemeral()).toHaveLength(1));
  const body = appservice.taken().find((one) => one.body.includes('m.typing'))?.body ?? '{}';
  const { ephemeral, 'de.sorunome.msc2409.ephemeral': older } = JSON.parse(body) as Record<string, unknown>;
  expect(older).toEqual(ephemeral);
});

test('presence of users of other servers is sent though nobody here is present', async () => {
  const { appservice, roomId } = await aBridgedRoom(
    { receive_ephemeral: true },
    { preset: 'public_chat', room_version: '11' },
  );
  const peer = aPeer();
  stubAppservicesBeside(vi.mocked(globalThis.fetch).getMockImplementation() ?? fetch);
  const eve = await joinFrom(peer, roomId as RoomId);
  let n = 0;
  await eventually(async () => {
    n += 1;
    const update = { user_id: eve.userId, presence: 'online', status_msg: `try ${n}`, last_active_ago: 1 };
    await peer.send({ edus: [{ edu_type: 'm.presence', content: { push: [update] } }] });
    expect(appservice.ephemeral()).toContainEqual(expect.objectContaining({ type: 'm.presence', sender: eve.userId }));
  });
  forgetPeers();
});
