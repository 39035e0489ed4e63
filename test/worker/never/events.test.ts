// What must never happen with events of other servers (numbers as in the list of an earlier server's faults).
import { verifyAsync } from '@noble/ed25519';
import { afterEach, expect, test } from 'vitest';

import type { EventId, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';
import { aServer } from '../../support/core/test-keys.ts';
import {
  aPeer,
  aRoom,
  eventIdOf,
  forgetPeers,
  inRoom,
  joinFrom,
  say,
  serverName,
} from '../../support/worker/a-peer.ts';
import { aLoggedInUser, ask, type TestUser } from '../../support/worker/ask.ts';
import { eventually } from '../../support/worker/eventually.ts';

afterEach(forgetPeers);

async function aSharedRoom(body: JsonObject = {}) {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice, body);
  const peer = aPeer();
  return { alice, roomId, peer, eve: await joinFrom(peer, roomId) };
}

const eventAt = ({ token }: TestUser, roomId: string, eventId: EventId) =>
  ask('GET', inRoom(roomId, `/event/${encodeURIComponent(eventId)}`), { token });
const isThere = async (user: TestUser, roomId: string, eventId: EventId) =>
  (await eventAt(user, roomId, eventId)).status === 200;

const asSignedBy = (json: JsonObject, signatures: JsonObject): JsonObject => ({ ...json, signatures });

test('never 12: a PDU without a signature, or with a wrong one, is accepted', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const stranger = aServer('stranger.example');
  const good = eve.event();
  const other = eve.event({ content: { body: 'another body' } });
  const signatures = good.json['signatures'] as Record<string, JsonObject>;
  const forged: readonly JsonObject[] = [
    asSignedBy(good.json, {}),
    { ...good.json, signatures: undefined },
    asSignedBy(good.json, { [peer.server.name]: { 'ed25519:1': 'AAAA' } }),
    asSignedBy(good.json, other.json['signatures'] as JsonObject),
    asSignedBy(good.json, { [stranger.name]: signatures[peer.server.name] ?? {} }),
    asSignedBy(good.json, { [serverName]: signatures[peer.server.name] ?? {} }),
    asSignedBy(good.json, {
      [peer.server.name]: { 'ed25519:2': Object.values(signatures[peer.server.name] ?? {})[0] },
    }),
    asSignedBy(good.json, { [peer.server.name]: 'x' }),
    asSignedBy(good.json, 'x' as never),
  ];
  for (const json of forged) {
    await peer.send({ pdus: [json] });
    expect(await isThere(alice, roomId, good.eventId)).toBe(false);
  }
  expect(await peer.push(good.json)).toEqual({ [good.eventId]: {} });
  expect(await isThere(alice, roomId, good.eventId)).toBe(true);
});

test('never 13: a remote PDU acts as one of our users', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const sender = alice.userId as UserId;
  const asAlice = eve.event({ sender, type: 'm.room.name', stateKey: '', content: { name: 'taken over' } });
  const [said] = Object.values(await peer.push(asAlice.json));
  expect(said?.error).toBeDefined();
  expect(await isThere(alice, roomId, asAlice.eventId)).toBe(false);
  expect((await ask('GET', inRoom(roomId, '/state/m.room.name'), { token: alice.token })).status).toBe(404);
});

test('never 14: content that does not fit its hash is shown, or its event refused', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const event = eve.event({ content: { msgtype: 'm.text', body: 'what was said' } });
  await peer.push({ ...event.json, content: { msgtype: 'm.text', body: 'what was not' } });
  const { status, body } = await eventAt(alice, roomId, event.eventId);
  expect(status).toBe(200);
  expect(body['content']).toEqual({});
});

test('never 15: an event ID is made up, or a PDU refused for having none', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const event = eve.event();
  expect(event.json['event_id']).toBeUndefined();
  await peer.push(event.json);
  expect(await isThere(alice, roomId, eventIdOf(event.json))).toBe(true);
  const ours = await say(alice, roomId, 'hello');
  await eventually(() => expect(peer.pdus().map(eventIdOf)).toContain(ours));
});

/** By code points, written here once more. */
function canonical(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const byCodePoint = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const entries = Object.entries(value as Record<string, JsonValue>).sort(([a], [b]) => byCodePoint(a, b));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

const digest = async (text: string) =>
  Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text)))
    .toString('base64')
    .replaceAll('=', '');

test('never 16 and 17: our events leave unsigned, without hashes, or in another canonical form than the specification’s', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const content = {
    body: 'hi',
    msgtype: 'm.text',
    '\u{1F600}': 1,
    '\uFFFD': 2,
    big: 9_007_199_254_740_991,
    a: [null, true],
  };
  await ask('PUT', inRoom(roomId, '/send/m.room.message/astral'), { token: alice.token, body: content });
  await ask('PUT', inRoom(roomId, '/state/m.room.topic'), { token: alice.token, body: { topic: 'a topic' } });
  await ask('POST', inRoom(roomId, '/ban'), { token: alice.token, body: { user_id: '@nobody:elsewhere.example' } });
  await eventually(() => expect(peer.pdus()).toHaveLength(3));
  const { body: keys } = await peer.ask('GET', '/_matrix/key/v2/server');
  const published = keys['verify_keys'] as Record<string, { key: string }>;
  const ours = [...peer.pdus(), ...(eve.answer['state'] as JsonObject[])].filter(
    ({ sender }) => sender === alice.userId,
  );
  expect(ours.length).toBeGreaterThan(6);
  for (const { signatures, unsigned: _unsigned, ...event } of ours) {
    const { hashes, ...hashed } = event;
    expect(hashes).toEqual({ sha256: await digest(canonical(hashed)) });
    const [[keyId, signature] = ['', '']] = Object.entries(
      (signatures as Record<string, Record<string, string>>)[serverName] ?? {},
    );
    const key = Buffer.from(published[keyId]?.key ?? '', 'base64');
    // What is signed is the redacted event; of these types everything that is left out has to be left out here too.
    const kept: Record<string, readonly string[]> = {
      'm.room.message': [],
      'm.room.topic': [],
      'm.room.name': [],
      'm.room.guest_access': [],
      'm.room.history_visibility': ['history_visibility'],
      'm.room.join_rules': ['join_rule', 'allow'],
      'm.room.member': ['membership', 'join_authorised_via_users_server'],
    };
    const names = kept[event['type'] as string];
    const whole = event['content'] as JsonObject;
    const essential =
      names === undefined ? whole : Object.fromEntries(Object.entries(whole).filter(([name]) => names.includes(name)));
    const text = canonical({ ...event, content: essential });
    expect(await verifyAsync(Buffer.from(signature, 'base64'), Buffer.from(text), key)).toBe(true);
  }
});

test('never 25: an event is judged by the current state alone', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const setLevel = async (level: number) => {
    const { body } = await ask('GET', inRoom(roomId, '/state/m.room.power_levels'), { token: alice.token });
    const users = { ...(body['users'] as object), [eve.userId]: level };
    return ask('PUT', inRoom(roomId, '/state/m.room.power_levels'), { token: alice.token, body: { ...body, users } });
  };
  const topic = (text: string, changes: object = {}) =>
    eve.event({ type: 'm.room.topic', stateKey: '', content: { topic: text }, ...changes });
  // Allowed now, and not where it stands.
  const tooEarly = topic('too early');
  await setLevel(50);
  await peer.push(tooEarly.json);
  expect(await isThere(alice, roomId, tooEarly.eventId)).toBe(false);
  // Allowed where it stands, and not any more.
  await eventually(() => expect(peer.pdus()).toHaveLength(1));
  const [levels] = peer.pdus();
  const levelsId = eventIdOf(levels ?? {});
  const create = eve.event().authEvents[0] as EventId;
  const tooLate = topic('too late', {
    prevEvents: [levelsId],
    authEvents: [create, levelsId, eve.join.eventId],
    depth: Number(levels?.['depth']) + 1,
  });
  await setLevel(0);
  await peer.push(tooLate.json);
  expect((await ask('GET', inRoom(roomId, '/state/m.room.topic'), { token: alice.token })).status).toBe(404);
  const { body } = await ask('GET', inRoom(roomId, '/messages?dir=b&limit=50'), { token: alice.token });
  expect((body['chunk'] as { event_id: string }[]).map((event) => event.event_id)).not.toContain(tooLate.eventId);
});

test('never 26: missing parents are not fetched, or a fork is forgotten', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const fork = [eve.event({ content: { body: 'left' } }), eve.event({ content: { body: 'right' } })];
  await peer.push(...fork.map(({ json }) => json));
  const ours = await say(alice, roomId, 'together');
  await eventually(() => expect(peer.pdus().map(eventIdOf)).toContain(ours));
  const named = peer.pdus().find((json) => eventIdOf(json) === ours)?.['prev_events'];
  expect(new Set(named as string[])).toEqual(new Set(fork.map(({ eventId }) => eventId)));
  // A gap of fifteen, of which only the last event is pushed.
  const chain = Array.from({ length: 15 }, () => (eve.last = eve.event()));
  peer.reply(`/_matrix/federation/v1/get_missing_events/${roomId}`, () => ({
    events: chain.slice(0, -1).map(({ json }) => json),
  }));
  await peer.push(eve.last.json);
  for (const { eventId } of chain) expect(await isThere(alice, roomId, eventId)).toBe(true);
});

test('never 27: state is what came last instead of what the rules resolve it to', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom({ power_level_content_override: { state_default: 0 } });
  const topic = eve.event({ type: 'm.room.topic', stateKey: '', content: { topic: 'mine' } });
  await ask('POST', inRoom(roomId, '/ban'), { token: alice.token, body: { user_id: eve.userId } });
  await peer.push(topic.json);
  expect((await ask('GET', inRoom(roomId, '/state/m.room.topic'), { token: alice.token })).status).toBe(404);
  const member = await ask('GET', inRoom(roomId, `/state/m.room.member/${eve.userId}`), { token: alice.token });
  expect(member.body['membership']).toBe('ban');
});

test.each(['message', 'state', 'before its target'] as const)(
  'never 34: a redaction is stored and not applied (%s)',
  async (what) => {
    const { alice, roomId, peer, eve } = await aSharedRoom({ power_level_content_override: { state_default: 0 } });
    const secret = { msgtype: 'm.text', body: 'a secret', topic: 'a secret' };
    const target =
      what === 'state'
        ? eve.event({ type: 'm.room.topic', stateKey: '', content: secret })
        : eve.event({ content: secret });
    const redaction = eve.event({
      type: 'm.room.redaction',
      redacts: target.eventId,
      content: {},
      prevEvents: [target.eventId],
    });
    if (what === 'before its target') {
      peer.reply(`/_matrix/federation/v1/get_missing_events/${roomId}`, () => ({ events: [] }));
      await peer.push(redaction.json);
      await peer.push(target.json);
    } else await peer.push(target.json, redaction.json);
    await eventually(async () => expect(await isThere(alice, roomId, target.eventId)).toBe(true));
    await eventually(async () => {
      const { body } = await eventAt(alice, roomId, target.eventId);
      expect(body['content']).toEqual({});
    });
    const page = await ask('GET', inRoom(roomId, '/messages?dir=b&limit=50'), { token: alice.token });
    expect(JSON.stringify(page.body)).not.toContain('a secret');
    const state = await ask('GET', inRoom(roomId, '/state'), { token: alice.token });
    expect(JSON.stringify(state.body)).not.toContain('a secret');
    const served = await peer.ask('GET', `/_matrix/federation/v1/event/${encodeURIComponent(target.eventId)}`);
    expect(JSON.stringify(served.body)).not.toContain('a secret');
  },
);

test('never 39: a transaction of any size is taken', async () => {
  const { peer, eve } = await aSharedRoom();
  const { json } = eve.event();
  expect((await peer.send({ pdus: Array.from({ length: 51 }, () => json) })).status).toBe(400);
  const edu = { edu_type: 'm.typing', content: {} };
  expect((await peer.send({ edus: Array.from({ length: 101 }, () => edu) })).status).toBe(400);
  expect((await peer.send({ padding: 'x'.repeat(11 * 1024 * 1024) })).status).toBe(413);
});

test('never 40: a bad copy of an event keeps the good one out', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const event = eve.event({ content: { msgtype: 'm.text', body: 'the real one' } });
  await peer.push(asSignedBy(event.json, { [peer.server.name]: { 'ed25519:1': 'AAAA' } }));
  await peer.push({ ...event.json, content: { msgtype: 'm.text', body: 'altered' } });
  await peer.push(event.json);
  expect((await eventAt(alice, roomId, event.eventId)).body['content']).toEqual({
    msgtype: 'm.text',
    body: 'the real one',
  });
});
