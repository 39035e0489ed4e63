import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Pdu } from '../../../../src/matrix/event/pdu.ts';
import type { EventId } from '../../../../src/matrix/ids/brands.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { aSharedRoom, rooms, type SharedRoom } from '../../../support/worker/a-shared-room.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';
import { stubFetch } from '../../../support/worker/stub-fetch.ts';

const peer = aServer('state.peer.example:443');
let peers: ReturnType<typeof stubFetch>;

beforeEach(() => {
  peers = stubFetch();
  peers.answer(`https://${peer.name}/_matrix/key/v2/server`, () => Response.json(aKeyAnswer(peer)));
  const { fetch } = peers;
  vi.spyOn(globalThis, 'fetch').mockImplementation((url, init) =>
    fetch(url as string, init as Parameters<typeof fetch>[1]),
  );
});
afterEach(() => vi.restoreAllMocks());

const federation = (path: string) => `https://${peer.name}/_matrix/federation/v1/${path}`;
const encoded = encodeURIComponent;
const here = ({ roomId }: SharedRoom) => `/_eyrie/admin/v1/rooms/${encoded(roomId)}/repair`;

const topicOf = ({ roomId, alice }: SharedRoom) =>
  rooms.readStateEvent({ roomId, userId: alice, scope: 'test', type: 'm.room.topic', stateKey: '' }).then(
    ({ content }) => content['topic'],
    () => undefined,
  );

/** An event of Bob's, who may do so, which only his server knows. */
async function aTopicOf(room: SharedRoom, topic: string): Promise<Pdu> {
  const { roomId, alice, bob, create, last } = room;
  const content = { users: { [alice]: 100, [bob]: 100 } };
  const draft = { type: 'm.room.power_levels', stateKey: '', sender: alice, content };
  const { eventId } = await rooms.send({ roomId, draft });
  room.last = { ...last, eventId, depth: last.depth + 1 };
  const authEvents = [create.eventId, eventId, last.eventId];
  return room.anEvent({ type: 'm.room.topic', stateKey: '', content: { topic }, authEvents });
}

/** The peer claims that the state before the room's end is what we have, and these events besides. */
async function claim(room: SharedRoom, events: readonly Pdu[]): Promise<void> {
  const state = await rooms.readState({ roomId: room.roomId, userId: room.alice, scope: 'test' });
  const ids: EventId[] = [...state.map(({ event_id: id }) => id), ...events.map(({ eventId }) => eventId)];
  peers.answer(federation(`state_ids/${encoded(room.roomId).replace('!', '%21')}`), () =>
    Response.json({ pdu_ids: ids, auth_chain_ids: [room.create.eventId] }),
  );
  for (const { eventId, json } of events) {
    peers.answer(federation(`event/${encoded(eventId)}`), () => Response.json({ pdus: [json] }));
  }
}

test('state that never came is fetched from a named server, checked, and resolved with ours', async () => {
  const { token } = await anAdministrator();
  const room = await aSharedRoom(peer);
  const topic = await aTopicOf(room, 'what we missed');
  const message = room.anEvent();
  await room.push(message.json);
  await claim(room, [topic]);
  expect(await topicOf(room)).toBeUndefined();
  const answer = await ask('POST', here(room), { token, body: { via: peer.name } });
  expect(answer).toMatchObject({
    status: 200,
    body: {
      via: peer.name,
      fetched: 1,
      changed: 1,
      changes: [{ type: 'm.room.topic', state_key: '', event_id: topic.eventId }],
    },
  });
  expect(await topicOf(room)).toBe('what we missed');
  // Where none is named, the servers of the room are asked.
  expect(await ask('POST', here(room), { token, body: {} })).toMatchObject({
    body: { via: peer.name, fetched: 0, changed: 0, changes: [] },
  });
  const log = await ask('GET', '/_eyrie/admin/v1/audit-log', { token });
  expect(log.body['entries']).toContainEqual(
    expect.objectContaining({
      action: 'repair_room',
      detail: { room_id: room.roomId, via: peer.name, changed: 1 },
    }),
  );
});

test('in a room that nobody else is in there is nobody to ask', async () => {
  const { token } = await anAdministrator();
  const { token: alone } = await aLoggedInUser();
  const { body } = await ask('POST', '/_matrix/client/v3/createRoom', { token: alone, body: {} });
  const path = `/_eyrie/admin/v1/rooms/${encoded(String(body['room_id']))}/repair`;
  expect(await ask('POST', path, { token, body: {} })).toEqual(
    expect.objectContaining({ status: 200, body: { retried: 0, fetched: 0, changed: 0, changes: [] } }),
  );
});

test('a claim that the rules of the room forbid changes nothing', async () => {
  const { token } = await anAdministrator();
  const room = await aSharedRoom(peer);
  const message = room.anEvent();
  await room.push(message.json);
  // A stranger's ban of Alice: its auth events do not allow it.
  const ban = room.anEvent({ type: 'm.room.member', stateKey: room.alice, content: { membership: 'ban' } });
  await claim(room, [ban]);
  const answer = await ask('POST', here(room), { token, body: { via: peer.name } });
  expect(answer).toMatchObject({ status: 200, body: { changed: 0 } });
  expect(await rooms.joinedUsers({ roomId: room.roomId })).toContain(room.alice);
});

test('a server that gives no state, or not all that it claims, is reported, and nothing changes', async () => {
  const { token } = await anAdministrator();
  const room = await aSharedRoom(peer);
  const failed = await ask('POST', here(room), { token, body: { via: peer.name } });
  expect(failed).toMatchObject({ status: 502, body: { error: expect.stringContaining(peer.name) } });
  const topic = await aTopicOf(room, 'a secret');
  await claim(room, [topic]);
  peers.answer(federation(`event/${encoded(topic.eventId)}`), () => Response.json({}, { status: 404 }));
  expect(await ask('POST', here(room), { token, body: { via: peer.name } })).toMatchObject({ status: 502 });
  expect(await topicOf(room)).toBeUndefined();
});

test('it is for administrators, who name a room of ours, and a server, if any', async () => {
  const { token } = await anAdministrator();
  const room = await aSharedRoom(peer);
  const { token: other } = await aLoggedInUser();
  expect(await ask('POST', here(room), { token: other, body: { via: peer.name } })).toMatchObject({ status: 403 });
  expect(await ask('POST', here(room), { token, body: { via: 'no name' } })).toMatchObject({ status: 400 });
  const unknown = '/_eyrie/admin/v1/rooms/!no:where/repair';
  expect(await ask('POST', unknown, { token, body: { via: peer.name } })).toMatchObject({ status: 404 });
});
