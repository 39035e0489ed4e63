import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import { serverKeysOf } from '../../../../src/durable/server-keys.ts';
import { verifyKeyFromBase64 } from '../../../../src/matrix/crypto/ed25519.ts';
import { verifyEventSignature } from '../../../../src/matrix/event/check-signatures.ts';
import { parsePdu } from '../../../../src/matrix/event/format.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { rulesOf } from '../../../support/core/rules-of.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aSharedRoom, bindings, config, rooms, type SharedRoom } from '../../../support/worker/a-shared-room.ts';
import { eventually } from '../../../support/worker/eventually.ts';
import { stubPeer } from '../../../support/worker/stub-peer.ts';

const { serverName } = config;
const rules = rulesOf('11');
const peer = aServer('peer.example:443');

let peers: ReturnType<typeof stubPeer>;
let room: SharedRoom;

async function push(...pdus: readonly JsonObject[]): Promise<unknown> {
  const response = await room.push(...pdus);
  expect(response.status).toBe(200);
  return response.json();
}

beforeEach(() => {
  peers = stubPeer(peer);
});
afterEach(() => vi.restoreAllMocks());

beforeAll(async () => {
  room = await aSharedRoom(peer);
});

test('a message of another server arrives in the room', async () => {
  room.last = room.anEvent();
  expect(await push(room.last.json)).toEqual({ pdus: { [room.last.eventId]: {} } });
  expect(await room.readEvent(room.last.eventId)).toMatchObject({ sender: room.bob, content: { body: 'hello' } });
});

test('a message in the name of our user does not', async () => {
  const forged = room.anEvent({ sender: room.alice });
  expect(await push(forged.json)).toEqual({
    pdus: { [forged.eventId]: { error: expect.stringContaining('did not sign') } },
  });
  await expect(room.readEvent(forged.eventId)).rejects.toMatchObject({ status: 404 });
});

test('a gap is filled from the server that left it', async () => {
  const first = room.anEvent({ content: { body: 'first', msgtype: 'm.text' } });
  room.last = first;
  const second = room.anEvent({ content: { body: 'second', msgtype: 'm.text' } });
  const id = encodeURIComponent(room.roomId).replaceAll('!', '%21');
  peers.answer(`https://${peer.name}/_matrix/federation/v1/get_missing_events/${id}`, () =>
    Response.json({ events: [first.json] }),
  );
  expect(await push(second.json)).toEqual({ pdus: { [second.eventId]: {} } });
  expect(await room.readEvent(first.eventId)).toMatchObject({ content: { body: 'first' } });
  expect(await room.readEvent(second.eventId)).toMatchObject({ content: { body: 'second' } });
  room.last = second;
});

test('a message of ours leaves for the other server, signed', async () => {
  const url = `https://${peer.name}/_matrix/federation/v1/send/`;
  const bodies: { pdus: JsonObject[] }[] = [];
  vi.mocked(globalThis.fetch).mockImplementation(async (target, init) => {
    if ((target as string).startsWith(url)) bodies.push(JSON.parse(init?.body as string) as { pdus: JsonObject[] });
    return Response.json({ pdus: {} });
  });
  const content = { body: 'from us', msgtype: 'm.text' };
  const draft = { type: 'm.room.message', sender: room.alice, content };
  const { eventId } = await rooms.send({ roomId: room.roomId, draft });
  await eventually(() => expect(bodies.flatMap(({ pdus }) => pdus)).toHaveLength(1));
  const [json] = bodies.flatMap(({ pdus }) => pdus);
  const pdu = parsePdu(rules, json as JsonObject);
  const { keyId, publicKey } = await serverKeysOf(bindings, config).active();
  const key = verifyKeyFromBase64(publicKey);
  if (!pdu.ok || key === undefined) throw new Error('not an event');
  expect(pdu.value.eventId).toBe(eventId);
  expect(verifyEventSignature(rules, pdu.value, serverName, keyId, key)).toBe(true);
});
