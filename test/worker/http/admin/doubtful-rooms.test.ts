import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { UserId } from '../../../../src/matrix/ids/brands.ts';
import { canonicalJson } from '../../../../src/matrix/json/canonical-json.ts';
import { aServer, type TestServer } from '../../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { aSharedRoom, rooms, type SharedRoom } from '../../../support/worker/a-shared-room.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';
import { stubFetch } from '../../../support/worker/stub-fetch.ts';

const [peer, second, third] = [aServer('one.doubt:443'), aServer('two.doubt:443'), aServer('three.doubt:443')];
const stranger = aServer('stranger.doubt:443');
let peers: ReturnType<typeof stubFetch>;

beforeEach(() => {
  peers = stubFetch();
  for (const server of [peer, second, third, stranger]) {
    peers.answer(`https://${server.name}/_matrix/key/v2/server`, () => Response.json(aKeyAnswer(server)));
  }
  const { fetch } = peers;
  vi.spyOn(globalThis, 'fetch').mockImplementation((url, init) =>
    fetch(url as string, init as Parameters<typeof fetch>[1]),
  );
  vi.spyOn(console, 'error').mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const encoded = encodeURIComponent;
const pathOf = ({ roomId }: SharedRoom) => `/_eyrie/admin/v1/rooms/${encoded(roomId)}`;
const stateIds = (server: TestServer, { roomId }: SharedRoom) =>
  `https://${server.name}/_matrix/federation/v1/state_ids/${encoded(roomId).replace('!', '%21')}`;

/** A room of ours with a user of each of the three servers. */
async function aRoomOfThree(): Promise<SharedRoom> {
  const room = await aSharedRoom(peer);
  const { roomId } = room;
  for (const server of [second, third]) {
    const userId = `@carol:${server.name}` as UserId;
    const { event } = await rooms.makeMembership({ roomId, origin: server.name, userId, membership: 'join' });
    const { prev_events: prevEvents, auth_events: authEvents, depth } = event;
    const changes = { type: 'm.room.member', sender: userId, stateKey: userId, content: { membership: 'join' } };
    const join = room.anEvent({ ...changes, prevEvents, authEvents, depth } as never, server);
    const pdu = { eventId: join.eventId, json: canonicalJson(join.json) };
    await rooms.acceptMembership({ roomId, origin: server.name, pdu, membership: 'join' });
  }
  return room;
}

/** The administrator has the state fetched from the server, which answers with this status. */
async function asked(token: string, room: SharedRoom, server: TestServer, status: number): Promise<void> {
  peers.answer(stateIds(server, room), () => Response.json({ errcode: 'M_FORBIDDEN', error: 'no' }, { status }));
  await ask('POST', `${pathOf(room)}/repair`, { token, body: { via: server.name } });
}

test('a room is doubtful when three of its servers do not show us its state, until one does', async () => {
  const { token } = await anAdministrator();
  const room = await aRoomOfThree();
  const { body } = await ask('GET', pathOf(room), { token });
  expect(body).toMatchObject({
    room_id: room.roomId,
    room_version: '11',
    lifecycle: 'live',
    joining: false,
    doubtful: null,
  });
  const doubtful = async () => (await ask('GET', pathOf(room), { token })).body['doubtful'];
  await asked(token, room, peer, 403);
  await asked(token, room, peer, 403);
  await asked(token, room, second, 403);
  await asked(token, room, third, 404);
  await asked(token, room, stranger, 403);
  expect(await doubtful()).toBeNull();
  await asked(token, room, third, 403);
  expect(await doubtful()).toEqual({
    since_ts: expect.any(Number),
    servers: [peer.name, second.name, third.name],
  });
  const state = await rooms.readState({ roomId: room.roomId, userId: room.alice, scope: 'test' });
  peers.answer(stateIds(third, room), () =>
    Response.json({ pdu_ids: state.map(({ event_id: id }) => id), auth_chain_ids: [] }),
  );
  await ask('POST', `${pathOf(room)}/repair`, { token, body: { via: third.name } });
  expect(await doubtful()).toBeNull();
});

test('refusals that lie more than a day apart make no room doubtful', async () => {
  const room = await aRoomOfThree();
  const { roomId } = room;
  const now = Date.now();
  const hours = 3_600_000;
  vi.useFakeTimers({ toFake: ['Date'], now });
  await rooms.serverRefused({ roomId, server: peer.name });
  vi.setSystemTime(now + 23 * hours);
  await rooms.serverRefused({ roomId, server: second.name });
  vi.setSystemTime(now + 25 * hours);
  await rooms.serverRefused({ roomId, server: third.name });
  expect(await rooms.status({ roomId })).toMatchObject({ doubt: undefined });
  await rooms.serverRefused({ roomId, server: peer.name });
  expect(await rooms.status({ roomId })).toMatchObject({ doubt: { since: now + 25 * hours } });
});

test('how a room stands is shown to administrators alone, and only of rooms that are here', async () => {
  const room = await aSharedRoom(peer);
  const { token } = await aLoggedInUser();
  expect(await ask('GET', pathOf(room), { token })).toMatchObject({ status: 403 });
  const admin = await anAdministrator();
  expect(await ask('GET', '/_eyrie/admin/v1/rooms/!no:where', { token: admin.token })).toMatchObject({ status: 404 });
});
