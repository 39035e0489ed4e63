import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { federationOf } from '../../../../src/durable/federation.ts';
import { essentialJson } from '../../../../src/matrix/event/hashes.ts';
import type { Pdu } from '../../../../src/matrix/event/pdu.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { readSyncFilter } from '../../../../src/sync/sync-filter.ts';
import { policedRooms } from '../../../../src/wiring/policed-rooms.ts';
import { rulesOf } from '../../../support/core/rules-of.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { aSharedRoom, bindings, config, rooms, type SharedRoom } from '../../../support/worker/a-shared-room.ts';

const rules = rulesOf('11');
/** The key of the policy server, which is none of its server's. */
const policy = aServer('policy.key.example');

let servers = 0;
let peer = aServer('peer.example:443');
/** What the policy server was asked about. */
let asked: JsonObject[] = [];
let answers: (pdu: JsonObject) => Response = sign;

function sign(pdu: JsonObject): Response {
  const signature = policy.signingKey.sign(essentialJson(rules, pdu));
  return Response.json({
    [peer.name]: { 'ed25519:policy_server': signature, 'ed25519:other': 'x' },
    'else.example': {},
  });
}
const refuse = () => Response.json({ errcode: 'M_FORBIDDEN', error: 'This looks like spam' }, { status: 400 });

beforeEach(() => {
  servers += 1;
  peer = aServer(`p${servers}.peer.example:443`);
  asked = [];
  answers = sign;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const { pathname, host } = new URL(input as string);
    if (`${host}:443` !== peer.name) throw new Error('connection refused');
    if (pathname === '/_matrix/key/v2/server') return Response.json(aKeyAnswer(peer));
    if (pathname !== '/_matrix/policy/v1/sign') return Response.json({ pdus: {} });
    const pdu = JSON.parse(init?.body as string) as JsonObject;
    asked.push(pdu);
    return answers(pdu);
  });
});
afterEach(() => vi.restoreAllMocks());

const ours = () => policedRooms(rooms, federationOf(bindings, config).client);

const setPolicy = (room: SharedRoom, content: JsonObject) =>
  ours().send({
    roomId: room.roomId,
    draft: { type: 'm.room.policy', stateKey: '', sender: room.alice, content },
  });

/** A room of ours that the peer is in, and whose policy server it is. */
async function aPolicedRoom(): Promise<SharedRoom> {
  const room = await aSharedRoom(peer);
  const { eventId } = await setPolicy(room, { via: peer.name, public_keys: { ed25519: policy.signingKey.publicKey } });
  expect(asked).toEqual([]);
  room.last = { ...room.last, eventId, depth: room.last.depth + 1 };
  return room;
}

const say = (room: SharedRoom, body: string) =>
  ours().send({
    roomId: room.roomId,
    draft: { type: 'm.room.message', sender: room.alice, content: { msgtype: 'm.text', body } },
  });

const signaturesHeld = async (room: SharedRoom, eventId: Pdu['eventId']) => {
  const json = await rooms.eventForServer({ roomId: room.roomId, origin: peer.name, eventId });
  return (JSON.parse(json) as { signatures: Record<string, Record<string, string>> }).signatures;
};

const bodies = async (room: SharedRoom) => {
  const { chunk } = await rooms.readMessages({
    roomId: room.roomId,
    userId: room.alice,
    scope: 'test',
    dir: 'b',
    from: undefined,
    to: undefined,
    limit: 20,
    filter: readSyncFilter({}).timeline(room.roomId),
    lazyLoadMembers: false,
  });
  return chunk.map(({ content }) => content['body']).filter((body) => body !== undefined);
};

test('what a local user says is sent with the signature of the policy server, and nothing else of its answer', async () => {
  const room = await aPolicedRoom();
  const { eventId } = await say(room, 'hello');
  expect(asked).toMatchObject([{ type: 'm.room.message', content: { body: 'hello' } }]);
  const signatures = await signaturesHeld(room, eventId);
  expect(Object.keys(signatures).toSorted()).toEqual([config.serverName, peer.name].toSorted());
  expect(Object.keys(signatures[peer.name] ?? {})).toEqual(['ed25519:policy_server']);
  await ours().changeMembership({
    roomId: room.roomId,
    action: 'invite',
    sender: room.alice,
    target: `@carol:${config.serverName}` as typeof room.alice,
    targetShard: 'shard',
    content: {},
  });
  expect(asked.at(-1)).toMatchObject({ type: 'm.room.member' });
});

test('what the policy server refuses is not sent, and its words reach the user', async () => {
  const room = await aPolicedRoom();
  answers = refuse;
  await expect(say(room, 'buy now')).rejects.toMatchObject({
    status: 400,
    errcode: 'M_FORBIDDEN',
    message: 'This looks like spam',
  });
  answers = () => Response.json({ [peer.name]: { 'ed25519:policy_server': 'bm90IGEgc2lnbmF0dXJl' } });
  await expect(say(room, 'buy now')).rejects.toMatchObject({ status: 403, errcode: 'M_FORBIDDEN' });
  expect(await bodies(room)).toEqual([]);
});

test.each([
  [401, 'M_UNKNOWN_TOKEN'],
  [403, 'M_UNKNOWN_TOKEN'],
  [401, 'M_FORBIDDEN'],
  [404, 'M_UNRECOGNIZED'],
])('%i %s of a policy server is no word for the user: it could not be asked', async (status, errcode) => {
  const room = await aPolicedRoom();
  answers = () => Response.json({ errcode, error: 'no' }, { status });
  await expect(say(room, 'hello?')).rejects.toMatchObject({ status: 502, errcode: 'M_UNKNOWN' });
});

test('a policy server that is away stops the room until it is switched off, which it does not have to allow', async () => {
  const room = await aPolicedRoom();
  answers = () => new Response('gone', { status: 502 });
  await expect(say(room, 'hello?')).rejects.toMatchObject({ status: 502 });
  await setPolicy(room, {});
  await say(room, 'hello!');
  expect(await bodies(room)).toEqual(['hello!']);
});

test('an event of another server without the signature is asked about; one that gets none is not shown, until a copy has it', async () => {
  const room = await aPolicedRoom();
  const good = room.anEvent({ content: { msgtype: 'm.text', body: 'good' } });
  expect((await room.push(good.json)).status).toBe(200);
  expect(asked).toMatchObject([{ content: { body: 'good' } }]);
  expect(await bodies(room)).toEqual(['good']);
  expect(Object.keys((await signaturesHeld(room, good.eventId))[peer.name] ?? {})).toContain('ed25519:policy_server');
  room.last = good;
  answers = refuse;
  const bad = room.anEvent({ content: { msgtype: 'm.text', body: 'bad' } });
  expect((await room.push(bad.json)).status).toBe(200);
  expect(await bodies(room)).toEqual(['good']);
  const signatures = bad.json['signatures'] as Record<string, JsonObject>;
  const signature = policy.signingKey.sign(essentialJson(rules, bad.json));
  const withIt = {
    ...bad.json,
    signatures: { ...signatures, [peer.name]: { ...signatures[peer.name], 'ed25519:policy_server': signature } },
  };
  asked = [];
  expect((await room.push(withIt)).status).toBe(200);
  expect(asked).toEqual([]);
  expect(await bodies(room)).toEqual(['bad', 'good']);
});

test('a room whose policy server has no user in it uses none', async () => {
  const room = await aSharedRoom(peer);
  await setPolicy(room, { via: 'elsewhere.example', public_keys: { ed25519: policy.signingKey.publicKey } });
  await say(room, 'hello');
  expect(asked).toEqual([]);
  expect(await bodies(room)).toEqual(['hello']);
});
