import { expect, test, vi } from 'vitest';

import { notTaken } from '../../../../src/federation/receive/receive-in-room.ts';
import { receiveTransaction, type TransactionDeps } from '../../../../src/federation/receive/receive-transaction.ts';
import { forbidden, type MatrixError } from '../../../../src/matrix/error.ts';
import type { RoomId, ServerName } from '../../../../src/matrix/ids/brands.ts';
import type { JsonValue } from '../../../../src/matrix/json/json-value.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { settle } from '../../../support/worker/a-sender.ts';
import { aPeerWith, aSignedPdu, keysOf, memoryRoom, roomId } from '../../../support/worker/a-remote-room.ts';

const [us, peer, other] = [aServer('us.test'), aServer('peer.test'), aServer('other.test')];
const otherRoom = '!other:peer.test' as RoomId;

function aReceiver(options: Partial<TransactionDeps> = {}) {
  const room = memoryRoom();
  const shared: ServerName[] = [];
  const timers = new Map<number, () => void>();
  const background: Promise<void>[] = [];
  const deps: TransactionDeps = {
    serverName: us.name,
    keys: keysOf(us, peer),
    client: aPeerWith([]).client,
    rooms: room.rooms,
    knownRooms: { versionOf: async (id) => (id === roomId || id === otherRoom ? '11' : undefined) },
    edus: {},
    lastingEdus: {},
    onNotTaken: notTaken,
    onSharedRoom: async (origin) => void shared.push(origin),
    after: (delayMs) => new Promise((resolve) => timers.set(delayMs, resolve)),
    ...options,
  };
  const receive = (body: JsonValue | undefined) =>
    receiveTransaction(deps, { origin: peer.name, body }, (work) => background.push(work));
  /** Lets the time pass, deadline by deadline, up to this many milliseconds. */
  const pass = async (ms: number) => {
    for (const [at, resolve] of [...timers].sort(([a], [b]) => a - b)) {
      if (at <= ms) resolve();
      await settle();
    }
  };
  return { room, receive, shared, background, pass };
}

const hang = <T>() => new Promise<T>(() => undefined);

test('each event is answered for', async () => {
  const { receive, room } = aReceiver();
  const [good, refused] = [aSignedPdu(peer), aSignedPdu(peer)];
  const forged = aSignedPdu(other, [], { sender: '@user:peer.test' as never });
  room.refusals.set(refused.eventId, 'the server is denied');
  const answer = await receive({ pdus: [good.json, refused.json, forged.json] });
  expect(answer.pdus).toEqual({
    [good.eventId]: {},
    [refused.eventId]: { error: 'the server is denied' },
    [forged.eventId]: { error: expect.stringContaining('signature') },
  });
});

test('what is no event of the room version is answered for under its ID', async () => {
  const { receive } = aReceiver();
  const { json, eventId } = aSignedPdu(peer);
  const answer = await receive({ pdus: [{ ...json, padding: 'x'.repeat(70_000) }] });
  expect(answer.pdus).toEqual({ [eventId]: { error: expect.stringContaining('Not a valid event') } });
});

test('rejected and soft-failed events are no errors of the sender', async () => {
  const pdu = aSignedPdu(peer);
  const { eventId } = pdu;
  for (const kind of ['rejected', 'soft_failed'] as const) {
    const rooms = { ...memoryRoom().rooms, decide: async () => [{ kind, eventId, reason: 'auth' }] };
    const answer = await aReceiver({ rooms }).receive({ pdus: [pdu.json] });
    expect(answer.pdus).toEqual({ [eventId]: {} });
  }
});

test.each<[string, JsonValue | undefined]>([
  ['no body', undefined],
  ['a list', []],
  ['no pdus', { edus: [] }],
  ['51 PDUs', { pdus: Array.from({ length: 51 }, () => ({})) }],
  ['101 EDUs', { pdus: [], edus: Array.from({ length: 101 }, () => ({})) }],
])('%s is 400 M_BAD_JSON', async (_what, body) => {
  await expect(aReceiver().receive(body)).rejects.toMatchObject({ status: 400, errcode: 'M_BAD_JSON' });
});

test('events of rooms that are none of ours, and what is no event, do not disturb the others', async () => {
  const { receive, room } = aReceiver();
  const good = aSignedPdu(peer);
  const stray = aSignedPdu(peer, [], { roomId: '!stray:peer.test' as RoomId });
  const answer = await receive({ pdus: [stray.json, 'text', {}, { room_id: 5 }, { room_id: roomId }, good.json] });
  const taken = Object.entries(answer.pdus).filter(([, { error }]) => error === undefined);
  expect(taken).toEqual([[good.eventId, {}]]);
  expect(room.decided.flat()).toHaveLength(1);
});

test('a room that refuses as a whole refuses each of its events', async () => {
  const good = aSignedPdu(peer);
  const inOther = aSignedPdu(peer, [], { roomId: otherRoom });
  const { rooms } = memoryRoom();
  const decide: typeof rooms.decide = (call) =>
    call.roomId === otherRoom ? Promise.reject(forbidden('not in this room')) : rooms.decide(call);
  const answer = await aReceiver({ rooms: { ...rooms, decide } }).receive({ pdus: [good.json, inOther.json] });
  expect(answer.pdus).toEqual({ [good.eventId]: {}, [inOther.eventId]: { error: 'not in this room' } });
});

test('where a room cannot be asked, the whole transaction is 503', async () => {
  const rooms = { ...memoryRoom().rooms, decide: () => Promise.reject(new Error('overloaded')) };
  await expect(aReceiver({ rooms }).receive({ pdus: [aSignedPdu(peer).json] })).rejects.toMatchObject({ status: 503 });
});

test('a check that fails is 503, and lets nothing through', async () => {
  const { receive, room } = aReceiver({ keys: { keyFor: () => Promise.reject(new Error('out of order')) } });
  await expect(receive({ pdus: [aSignedPdu(peer).json] })).rejects.toMatchObject({ status: 503 });
  expect(room.decided).toEqual([]);
});

test('a room that does not answer in time is 503', async () => {
  const { receive, pass } = aReceiver({ rooms: { ...memoryRoom().rooms, decide: () => hang() } });
  const status = receive({ pdus: [aSignedPdu(peer).json] }).catch((error: MatrixError) => error.status);
  await settle();
  await pass(5_000);
  expect(await status).toBe(503);
});

test('a server that is slow to give what is missing delays nobody: parked, and fetched in the background', async () => {
  const root = aSignedPdu(peer);
  const child = aSignedPdu(peer, [root]);
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  const peers = aPeerWith([root]);
  const client: TransactionDeps['client'] = {
    request: async (request) => {
      await given;
      return peers.client.request(request);
    },
  };
  const { receive, room, pass, background } = aReceiver({ client });
  const answer = receive({ pdus: [child.json] });
  await settle();
  await pass(4_000);
  expect((await answer).pdus).toEqual({ [child.eventId]: {} });
  expect(room.parked.map(({ eventId, missing }) => [eventId, missing])).toEqual([[child.eventId, [root.eventId]]]);
  give();
  await Promise.all(background);
  expect(room.graph.has(child.eventId)).toBe(true);
});

test('a key server that hangs delays nobody: the event is kept, marked as not verified', async () => {
  const [mine, theirs] = [aSignedPdu(peer), aSignedPdu(other)];
  const keys = keysOf(peer);
  const { receive, room, pass } = aReceiver({
    keys: { keyFor: (server, ...query) => (server === other.name ? hang() : keys.keyFor(server, ...query)) },
  });
  const answer = receive({ pdus: [mine.json, theirs.json] });
  await settle();
  await pass(3_000);
  expect((await answer).pdus).toEqual({ [mine.eventId]: {}, [theirs.eventId]: {} });
  expect(room.parked).toMatchObject([{ eventId: theirs.eventId, missing: [], unverified: other.name }]);
  expect(room.decided.flat().map(({ eventId }) => eventId)).toEqual([mine.eventId]);
});

test('a server is registered when a room decided an event of it, and only then', async () => {
  const decided = aReceiver();
  await decided.receive({ pdus: [aSignedPdu(peer).json] });
  expect(decided.shared).toEqual([peer.name]);
  const parked = aReceiver({ keys: keysOf(us) });
  await parked.receive({ pdus: [aSignedPdu(peer).json] });
  expect(parked.shared).toEqual([]);
});

test('EDUs go to their handlers; unknown ones, and one that fails, disturb nothing', async () => {
  const handled = vi.fn(async () => undefined);
  const { receive } = aReceiver({
    edus: { 'm.good': handled, 'm.bad': () => Promise.reject(new Error('broken')) },
  });
  const edus = [
    { edu_type: 'm.bad', content: {} },
    { edu_type: 'constructor', content: {} },
    { edu_type: 'm.good', content: { a: 1 } },
    { edu_type: 'm.good' },
    'text',
  ];
  expect(await receive({ pdus: [], edus })).toEqual({ pdus: {} });
  expect(handled.mock.calls).toEqual([[peer.name, { a: 1 }]]);
});

test('EDUs that may not be lost are given together; where they are not taken, or late, the whole is repeated', async () => {
  const handled = vi.fn(async (_origin: ServerName, contents: readonly JsonValue[]) => {
    if (contents.includes('late')) return hang<void>();
    if (contents.includes('bad')) throw new Error('broken');
  });
  const { receive, pass } = aReceiver({ lastingEdus: { 'm.kept': handled } });
  const edu = (content: JsonValue) => ({ edu_type: 'm.kept', content });
  expect(await receive({ pdus: [], edus: [edu('a'), { edu_type: 'm.other', content: 1 }, edu('b')] })).toEqual({
    pdus: {},
  });
  expect(handled.mock.calls).toEqual([[peer.name, ['a', 'b']]]);
  await expect(receive({ pdus: [], edus: [edu('bad')] })).rejects.toMatchObject({ status: 503 });
  const late = receive({ pdus: [], edus: [edu('late')] }).catch((error: MatrixError) => error.status);
  await pass(5_000);
  expect(await late).toBe(503);
});

test('EDUs of several types that mean the same are taken in one', async () => {
  const handled = vi.fn(async () => undefined);
  const { receive } = aReceiver({ lastingEdus: { 'm.one': handled, 'm.two': handled, 'm.three': vi.fn() } });
  const edus = ['m.two', 'm.one', 'm.two'].map((type, content) => ({ edu_type: type, content }));
  expect(await receive({ pdus: [], edus })).toEqual({ pdus: {} });
  expect(handled.mock.calls).toEqual([[peer.name, [0, 1, 2]]]);
});

test('the same transaction again is processed again and answered the same', async () => {
  const { receive } = aReceiver();
  const body = { pdus: [aSignedPdu(peer).json] };
  expect(await receive(body)).toEqual(await receive(body));
});
