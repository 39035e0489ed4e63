import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, test } from 'vitest';

import { readConfig, type Env } from '../../../../src/config.ts';
import { objectStubs } from '../../../../src/durable/objects.ts';
import { buildPdu } from '../../../../src/matrix/event/build.ts';
import { contentHash } from '../../../../src/matrix/event/hashes.ts';
import type { Pdu } from '../../../../src/matrix/event/pdu.ts';
import { signatureOf } from '../../../../src/matrix/event/sign.ts';
import type { EventId, RoomId } from '../../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { rulesOf } from '../../../support/core/rules-of.ts';
import { joinAsPeer } from '../../../support/fuzz/join-as-peer.ts';
import {
  aPeer,
  aRoom,
  eventIdOf,
  forgetPeers,
  inRoom,
  joinFrom,
  say,
  v3,
  type Peer,
} from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, ask, type TestUser } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';

afterEach(forgetPeers);

const bindings = env as unknown as Env;

async function aSharedRoom(body: JsonObject = {}) {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice, body);
  const peer = aPeer();
  return { alice, roomId, peer, eve: await joinFrom(peer, roomId) };
}

const statusOf = async ({ token }: TestUser, roomId: string, eventId: EventId) =>
  (await ask('GET', inRoom(roomId, `/event/${encodeURIComponent(eventId)}`), { token })).status;

const lists = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) as never;
/** The room's object as after a while in which nobody asked for it. */
const forget = (roomId: RoomId) => evictDurableObject(objectStubs(bindings, readConfig(bindings)).room(roomId));

/** Everything by which a client reads the room works, and so does writing. */
async function isWell({ token }: TestUser, roomId: RoomId): Promise<void> {
  await forget(roomId);
  for (const path of [inRoom(roomId, '/messages?dir=b&limit=100'), inRoom(roomId, '/state'), `${v3}/sync`]) {
    expect(await ask('GET', path, { token })).toMatchObject({ status: 200 });
  }
  await say({ token } as TestUser, roomId, 'still here');
}

test('what a client nests too deep is refused, and what is just not too deep can be read for ever', async () => {
  const { alice, roomId, peer } = await aSharedRoom();
  const send = (txn: string, content: JsonObject) =>
    ask('PUT', inRoom(roomId, `/send/m.room.message/${txn}`), { token: alice.token, body: content });
  expect(await send('a', { a: lists(126) })).toMatchObject({ status: 200 });
  await isWell(alice, roomId);
  expect(peer.pdus().filter(({ type }) => type === 'm.room.message')).not.toEqual([]);
  for (const [txn, levels, errcode] of [
    ['b', 127, 'M_BAD_JSON'],
    ['c', 128, 'M_NOT_JSON'],
    ['d', 5_000, 'M_NOT_JSON'],
  ] as const) {
    expect(await send(txn, { a: lists(levels) })).toMatchObject({ status: 400, body: { errcode } });
  }
  await isWell(alice, roomId);
});

/** The same event with another content, hashed and signed as by a server that has no limit. */
function withContent({ json }: Pdu, content: JsonObject, { server }: Peer): Pick<Pdu, 'eventId' | 'json'> {
  const { hashes: _hashes, signatures: _signatures, ...rest } = json;
  const draft = { ...rest, content };
  const hashed = { ...draft, hashes: { sha256: contentHash(draft) } };
  const signed = { ...hashed, signatures: signatureOf(rulesOf('11'), hashed, server.name, server.signingKey) };
  return { eventId: eventIdOf(signed), json: signed };
}

test.each([127, 900])('an event of another server nested %i lists deep is dropped alone', async (levels) => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const before = eve.event();
  const deep = withContent(eve.event(), { a: lists(levels) }, peer);
  const after = eve.event({ prevEvents: [deep.eventId] });
  const state = (eve.answer['state'] as JsonObject[]).map(eventIdOf);
  peer.reply('/_matrix/federation/v1/get_missing_events/', () => ({ events: [deep.json] }));
  peer.reply('/_matrix/federation/v1/state_ids/', () => ({
    pdu_ids: [...state.filter((id) => id !== eve.join.eventId), eve.join.eventId],
    auth_chain_ids: state,
  }));
  const said = await peer.push(before.json, deep.json, after.json);
  expect(said[before.eventId]).toEqual({});
  expect(said[deep.eventId]?.error).toContain('levels deep');
  expect(await statusOf(alice, roomId, before.eventId)).toBe(200);
  expect(await statusOf(alice, roomId, deep.eventId)).toBe(404);
  await eventually(async () => expect(await statusOf(alice, roomId, after.eventId)).toBe(200));
  await isWell(alice, roomId);
});

test('a body that is nested beyond every use is refused whole, and the server is served on', async () => {
  const { peer, eve } = await aSharedRoom();
  const { status, body } = await peer.send({ a: lists(1_500) });
  expect({ status, errcode: body['errcode'] }).toEqual({ status: 400, errcode: 'M_NOT_JSON' });
  expect(await peer.push(eve.event().json)).toMatchObject({});
});

/** A room of version 1, whose events have IDs that their servers choose: they can name each other. */
async function aRoomOfOldEvents() {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice, { room_version: '1' });
  const peer = aPeer();
  const userId = peer.user('eve');
  const send = async (method: string, target: string, body: string | undefined) => {
    const answer = await peer.ask(method, target, body === undefined ? undefined : (JSON.parse(body) as JsonObject));
    return { status: answer.status, text: JSON.stringify(answer.body) };
  };
  const joined = await joinAsPeer(send, { roomId, version: '1', peer: peer.server, userId });
  const [join = ''] = joined.eventIds;
  let made = 0;
  const id = () => `$${(made += 1)}-${crypto.randomUUID()}:${peer.server.name}` as EventId;
  const event = (eventId: EventId, edges: { prev?: readonly EventId[]; auth?: readonly EventId[] } = {}): Pdu => {
    const draft = {
      roomId,
      eventId,
      type: 'm.room.message',
      sender: userId,
      content: { msgtype: 'm.text', body: 'round and round' },
      prevEvents: edges.prev ?? [join as EventId],
      authEvents: edges.auth ?? [...(joined.authEvents as EventId[]).slice(0, 2), join as EventId],
      depth: 50,
      originServerTs: Date.now(),
      referenceHashOf: () => 'x',
    };
    const built = buildPdu(rulesOf('1'), draft, peer.server.name, peer.server.signingKey);
    if (!built.ok) throw new Error(JSON.stringify(built.reason));
    return built.value;
  };
  return { alice, roomId, peer, id, event };
}

test.each(['prev', 'auth'] as const)(
  'events that name each other, or themselves, in %s_events do no harm',
  async (edge) => {
    const { alice, roomId, peer, id, event } = await aRoomOfOldEvents();
    const [own, one, two, three, good] = [id(), id(), id(), id(), id()];
    const circle = [
      event(own, { [edge]: [own] }),
      event(one, { [edge]: [two] }),
      event(two, { [edge]: [three] }),
      event(three, { [edge]: [one] }),
    ];
    const byId = new Map(circle.map((pdu) => [pdu.eventId, pdu.json]));
    peer.reply('/_matrix/federation/v1/get_missing_events/', () => ({ events: [...byId.values()] }));
    peer.reply('/_matrix/federation/v1/event/', ({ target }) => {
      const found = byId.get(decodeURIComponent(target.split('/').at(-1) ?? '') as EventId);
      return found === undefined ? Response.json({ errcode: 'M_NOT_FOUND' }, { status: 404 }) : { pdus: [found] };
    });
    const said = await peer.push(...circle.map(({ json }) => json), event(good).json);
    expect(said[good]).toEqual({});
    expect(await statusOf(alice, roomId, good)).toBe(200);
    for (const { eventId } of circle) expect(await statusOf(alice, roomId, eventId)).toBe(404);
    await isWell(alice, roomId);
  },
);

test('events of who is banned are not shown, nor is their room told to the server', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const body = { user_id: eve.userId };
  expect(await ask('POST', inRoom(roomId, '/ban'), { token: alice.token, body })).toMatchObject({ status: 200 });
  const events = [eve.event(), eve.event({ type: 'm.room.topic', stateKey: '', content: { topic: 'mine' } })];
  await peer.push(...events.map(({ json }) => json));
  for (const { eventId } of events) expect(await statusOf(alice, roomId, eventId)).toBe(404);
  const path = `${encodeURIComponent(roomId)}/${encodeURIComponent(eve.userId)}`;
  const again = await peer.ask('GET', `/_matrix/federation/v1/make_join/${path}?ver=11`);
  expect(again).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  const state = await peer.ask(
    'GET',
    `/_matrix/federation/v1/state/${encodeURIComponent(roomId)}?event_id=${encodeURIComponent(events[0]?.eventId ?? '')}`,
  );
  expect([403, 404]).toContain(state.status);
});

test('events of a user of a third server count with the signature of that server only', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const third = aPeer();
  const carol = await joinFrom(third, roomId, 'carol');
  eve.last = carol.join;
  const forged = carol.event({}, peer.server);
  const relayed = carol.event({ content: { msgtype: 'm.text', body: 'relayed' } });
  const said = await peer.push(forged.json, relayed.json);
  expect(said[forged.eventId]?.error).toBeDefined();
  expect(said[relayed.eventId]).toEqual({});
  expect(await statusOf(alice, roomId, forged.eventId)).toBe(404);
  expect(await statusOf(alice, roomId, relayed.eventId)).toBe(200);
});

test('a room that we do not know is nothing to us', async () => {
  const { peer, eve } = await aSharedRoom();
  const roomId = `!unknown:${peer.server.name}` as RoomId;
  const { eventId, json } = eve.event({ roomId });
  expect(await peer.push(json)).toEqual({});
  const [room, event] = [encodeURIComponent(roomId), encodeURIComponent(eventId)];
  const asked: readonly [string, string, JsonObject | undefined][] = [
    ['GET', `v1/make_join/${room}/${encodeURIComponent(eve.userId)}?ver=11`, undefined],
    ['GET', `v1/make_leave/${room}/${encodeURIComponent(eve.userId)}`, undefined],
    ['PUT', `v2/send_join/${room}/${event}`, json],
    ['PUT', `v2/send_leave/${room}/${event}`, json],
    ['GET', `v1/state/${room}?event_id=${event}`, undefined],
    ['GET', `v1/state_ids/${room}?event_id=${event}`, undefined],
    ['GET', `v1/event_auth/${room}/${event}`, undefined],
    ['GET', `v1/backfill/${room}?v=${event}&limit=10`, undefined],
    ['POST', `v1/get_missing_events/${room}`, { earliest_events: [], latest_events: [eventId] }],
  ];
  for (const [method, path, body] of asked) {
    const answer = await peer.ask(method, `/_matrix/federation/${path}`, body);
    expect({ path, ...answer }).toMatchObject({ path, status: 404, body: { errcode: 'M_NOT_FOUND' } });
  }
});
