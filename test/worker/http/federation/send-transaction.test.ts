import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import { readConfig, type Env } from '../../../../src/config.ts';
import { objectStubs } from '../../../../src/durable/objects.ts';
import { roomClient } from '../../../../src/durable/room/client.ts';
import { serverKeysOf } from '../../../../src/durable/server-keys.ts';
import { verifyKeyFromBase64 } from '../../../../src/matrix/crypto/ed25519.ts';
import { buildXMatrix } from '../../../../src/matrix/crypto/x-matrix.ts';
import { buildPdu, type PduDraft } from '../../../../src/matrix/event/build.ts';
import { verifyEventSignature } from '../../../../src/matrix/event/check-signatures.ts';
import { parsePdu } from '../../../../src/matrix/event/format.ts';
import type { Pdu } from '../../../../src/matrix/event/pdu.ts';
import type { EventId, RoomId, UserId } from '../../../../src/matrix/ids/brands.ts';
import { canonicalJson } from '../../../../src/matrix/json/canonical-json.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { rulesOf } from '../../../support/core/rules-of.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { stubFetch } from '../../../support/worker/stub-fetch.ts';

const bindings = env as unknown as Env;
const worker = exports as unknown as { default: Fetcher };
const config = readConfig(bindings);
const { serverName } = config;
const rooms = roomClient(objectStubs(bindings, config));
const rules = rulesOf('11');
const peer = aServer('peer.example:443');
const [alice, bob] = [`@alice:${serverName}`, `@bob:${peer.name}`] as [UserId, UserId];
const roomId = `!shared:${serverName}` as RoomId;

let peers: ReturnType<typeof stubFetch>;
let last: Pdu;
let authEvents: readonly EventId[];

/** An event of the peer after the last one of the room. */
function anEvent(changes: Partial<PduDraft> = {}): Pdu {
  const draft = {
    roomId,
    type: 'm.room.message',
    sender: bob,
    content: { body: 'hello', msgtype: 'm.text' },
    prevEvents: [last.eventId],
    authEvents,
    depth: last.depth + 1,
    originServerTs: Date.now(),
    ...changes,
  };
  const built = buildPdu(rules, draft, peer.name, peer.signingKey);
  if (!built.ok) throw new Error(built.reason.kind);
  return built.value;
}

async function push(...pdus: readonly JsonObject[]): Promise<unknown> {
  const uri = '/_matrix/federation/v1/send/1';
  const content = { origin: peer.name, origin_server_ts: 1, pdus };
  const request = { method: 'PUT', uri, origin: peer.name, destination: serverName, content };
  const response = await worker.default.fetch(`https://us.test${uri}`, {
    method: 'PUT',
    body: canonicalJson(content),
    headers: { authorization: buildXMatrix(request, peer.signingKey) },
  });
  expect(response.status).toBe(200);
  return response.json();
}

const readEvent = (eventId: EventId) => rooms.readEvent({ roomId, userId: alice, scope: 'test', eventId });

beforeEach(() => {
  peers = stubFetch({ [`https://${peer.name}/_matrix/key/v2/server`]: () => Response.json(aKeyAnswer(peer)) });
  const { fetch } = peers;
  vi.spyOn(globalThis, 'fetch').mockImplementation((url, init) =>
    fetch(url as string, init as Parameters<typeof fetch>[1]),
  );
});
afterEach(() => vi.restoreAllMocks());

/** A public room of ours that the peer's user has joined over the federation. */
beforeAll(async () => {
  const signingKey = await serverKeysOf(bindings, config).active();
  const built = buildPdu(
    rules,
    {
      roomId,
      type: 'm.room.create',
      sender: alice,
      stateKey: '',
      content: { room_version: '11' },
      prevEvents: [],
      authEvents: [],
      depth: 1,
      originServerTs: Date.now(),
    },
    serverName,
    signingKey,
  );
  if (!built.ok) throw new Error(built.reason.kind);
  const create = { eventId: built.value.eventId, json: canonicalJson(built.value.json) };
  await bindings.DB.prepare(
    'insert into rooms (room_id, room_version, created_ts, published, projected_pos) values (?, ?, 0, 0, 0)',
  )
    .bind(roomId, '11')
    .run();
  const initial = [
    { type: 'm.room.member', stateKey: alice, content: { membership: 'join' } },
    { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
  ];
  await rooms.create({ roomId, roomVersion: '11', create, creatorShard: 'shard', initial });
  const template = await rooms.makeMembership({ roomId, origin: peer.name, userId: bob, membership: 'join' });
  const { prev_events: prev, auth_events: auth, depth } = template.event;
  last = { ...built.value, depth: Number(depth) - 1 };
  authEvents = auth as unknown as EventId[];
  const join = anEvent({
    type: 'm.room.member',
    stateKey: bob,
    content: { membership: 'join' },
    prevEvents: prev as unknown as EventId[],
  });
  const pdu = { eventId: join.eventId, json: canonicalJson(join.json) };
  await rooms.acceptMembership({ roomId, origin: peer.name, pdu, membership: 'join' });
  last = join;
  authEvents = [create.eventId, join.eventId];
});

test('a message of another server arrives in the room', async () => {
  last = anEvent();
  expect(await push(last.json)).toEqual({ pdus: { [last.eventId]: {} } });
  expect(await readEvent(last.eventId)).toMatchObject({ sender: bob, content: { body: 'hello' } });
});

test('a message in the name of our user does not', async () => {
  const forged = anEvent({ sender: alice });
  expect(await push(forged.json)).toEqual({
    pdus: { [forged.eventId]: { error: expect.stringContaining('did not sign') } },
  });
  await expect(readEvent(forged.eventId)).rejects.toMatchObject({ status: 404 });
});

test('a gap is filled from the server that left it', async () => {
  const first = anEvent({ content: { body: 'first', msgtype: 'm.text' } });
  last = first;
  const second = anEvent({ content: { body: 'second', msgtype: 'm.text' } });
  const path = `/_matrix/federation/v1/get_missing_events/${encodeURIComponent(roomId).replaceAll('!', '%21')}`;
  peers.answer(`https://${peer.name}${path}`, () => Response.json({ events: [first.json] }));
  expect(await push(second.json)).toEqual({ pdus: { [second.eventId]: {} } });
  expect(await readEvent(first.eventId)).toMatchObject({ content: { body: 'first' } });
  expect(await readEvent(second.eventId)).toMatchObject({ content: { body: 'second' } });
  last = second;
});

test('a message of ours leaves for the other server, signed', async () => {
  const url = `https://${peer.name}/_matrix/federation/v1/send/`;
  const bodies: { pdus: JsonObject[] }[] = [];
  vi.mocked(globalThis.fetch).mockImplementation(async (target, init) => {
    if ((target as string).startsWith(url)) bodies.push(JSON.parse(init?.body as string) as { pdus: JsonObject[] });
    return Response.json({ pdus: {} });
  });
  const content = { body: 'from us', msgtype: 'm.text' };
  const { eventId } = await rooms.send({ roomId, draft: { type: 'm.room.message', sender: alice, content } });
  await vi.waitFor(() => expect(bodies.flatMap(({ pdus }) => pdus)).toHaveLength(1));
  const [json] = bodies.flatMap(({ pdus }) => pdus);
  const pdu = parsePdu(rules, json as JsonObject);
  const { keyId, publicKey } = await serverKeysOf(bindings, config).active();
  const key = verifyKeyFromBase64(publicKey);
  if (!pdu.ok || key === undefined) throw new Error('not an event');
  expect(pdu.value.eventId).toBe(eventId);
  expect(verifyEventSignature(rules, pdu.value, serverName, keyId, key)).toBe(true);
});
