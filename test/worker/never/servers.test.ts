// What must never happen with what other servers ask (numbers as in the list of an earlier server's faults).
import { afterEach, expect, test } from 'vitest';

import { verifyKeyFromBase64 } from '../../../src/matrix/crypto/ed25519.ts';
import { parseXMatrix, verifyXMatrix } from '../../../src/matrix/crypto/x-matrix.ts';
import type { EventId, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { aServer } from '../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../support/worker/a-key-answer.ts';
import {
  aPeer,
  aRoom,
  eventIdOf,
  federation,
  forgetPeers,
  inRoom,
  joinFrom,
  say,
  serverName,
  v3,
  type Peer,
  type RemoteMember,
} from '../../support/worker/a-peer.ts';
import { aLoggedInUser, ask, type TestUser } from '../../support/worker/ask.ts';
import { eventually } from '../../support/worker/eventually.ts';

afterEach(forgetPeers);

const enc = encodeURIComponent;

async function aSharedRoom(body: JsonObject = {}) {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice, body);
  const peer = aPeer();
  return { alice, roomId, peer, eve: await joinFrom(peer, roomId) };
}

async function syncOf({ token }: TestUser, since?: string): Promise<Record<string, unknown>> {
  const query = since === undefined ? '' : `?since=${enc(since)}`;
  return (await ask('GET', `${v3}/sync${query}`, { token })).body;
}

/** Typing and receipts of all rooms, as text. */
async function ephemeralSince(user: TestUser, since: string): Promise<string> {
  const { rooms } = (await syncOf(user, since)) as { rooms?: { join?: Record<string, { ephemeral?: object }> } };
  return JSON.stringify(Object.values(rooms?.join ?? {}).map(({ ephemeral }) => ephemeral));
}

test('never 18: an EDU acts for a user of another server', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const bob = await aLoggedInUser('bob');
  await ask('POST', inRoom(roomId, '/join'), { token: bob.token, body: {} });
  const eventId = await say(alice, roomId, 'hello');
  const { next_batch: since } = await syncOf(alice);
  const typing = (userId: string) => ({
    edu_type: 'm.typing',
    content: { room_id: roomId, user_id: userId, typing: true },
  });
  const receipt = (userId: string) => ({
    edu_type: 'm.receipt',
    content: { [roomId]: { 'm.read': { [userId]: { event_ids: [eventId], data: { ts: 1 } } } } },
  });
  await peer.send({ edus: [typing(bob.userId), receipt(bob.userId)] });
  await peer.send({ edus: [typing(eve.userId), receipt(eve.userId)] });
  const told = await eventually(async () => {
    const ephemeral = await ephemeralSince(alice, String(since));
    expect(ephemeral).toContain('m.read');
    expect(ephemeral).toContain('user_ids');
    return ephemeral;
  });
  expect(told).not.toContain(bob.userId);
});

const inviteOf = (eve: RemoteMember, target: UserId, changes: object = {}) =>
  eve.event({ type: 'm.room.member', stateKey: target, content: { membership: 'invite' }, ...changes });

test('never 19: the server signs what it is handed as an invitation', async () => {
  const alice = await aLoggedInUser('alice');
  const bob = (await aLoggedInUser('bob')).userId as UserId;
  const peer = aPeer();
  // A room of the peer's, of which we know nothing.
  const eve = await joinFrom(peer, await aRoom(alice));
  const roomId = `!theirs:${peer.server.name}` as typeof eve.roomId;
  const put = (event: { eventId: string; json: JsonObject }, room = roomId, version = '11') =>
    peer.ask('PUT', `/_matrix/federation/v2/invite/${enc(room)}/${enc(event.eventId)}`, {
      room_version: version,
      event: event.json,
      invite_room_state: [],
    });
  const stranger = aServer('stranger.example:443');
  const bad = [
    inviteOf(eve, bob, { roomId, sender: alice.userId }),
    inviteOf(eve, bob, { roomId, type: 'm.room.message', stateKey: undefined }),
    inviteOf(eve, bob, { roomId, content: { membership: 'join' } }),
    inviteOf(eve, `@x:${peer.server.name}` as UserId, { roomId }),
    inviteOf(eve, bob, { roomId: '!other:room.example' }),
    eve.event({ roomId, type: 'm.room.member', stateKey: bob, content: { membership: 'invite' } }, stranger),
  ];
  for (const event of bad) {
    const { status, body } = await put(event);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(JSON.stringify(body)).not.toContain('signatures');
  }
  const good = inviteOf(eve, bob, { roomId });
  expect((await put({ ...good, eventId: '$another' })).status).toBe(400);
  expect((await put(good, roomId, '99')).status).toBe(400);
  const signed = await put(good);
  expect(signed.status).toBe(200);
  const event = signed.body['event'] as { signatures: object };
  expect(Object.keys(event.signatures)).toContain(serverName);
});

const readPaths = (roomId: string, eventId: string): readonly (readonly [string, string, JsonObject?])[] => [
  ['GET', `${federation}/state/${enc(roomId)}?event_id=${enc(eventId)}`],
  ['GET', `${federation}/state_ids/${enc(roomId)}?event_id=${enc(eventId)}`],
  ['GET', `${federation}/event/${enc(eventId)}`],
  ['GET', `${federation}/event_auth/${enc(roomId)}/${enc(eventId)}`],
  ['GET', `${federation}/backfill/${enc(roomId)}?v=${enc(eventId)}&limit=10`],
  [
    'POST',
    `${federation}/get_missing_events/${enc(roomId)}`,
    { earliest_events: [], latest_events: [eventId], limit: 10 },
  ],
];

test('never 20: a server reads a room that it is not in, or from before it could see it', async () => {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice, {
    initial_state: [{ type: 'm.room.history_visibility', state_key: '', content: { history_visibility: 'joined' } }],
  });
  const secret = await say(alice, roomId, 'before anybody came');
  const outsider = aPeer();
  for (const [method, path, body] of readPaths(roomId, secret)) {
    const answer = await outsider.ask(method, path, body);
    expect([403, 404]).toContain(answer.status);
    expect(JSON.stringify(answer.body)).not.toContain('before anybody came');
  }
  const eve = await joinFrom(outsider, roomId);
  const later = await say(alice, roomId, 'now that you are here');
  for (const [method, path, body] of readPaths(roomId, later)) {
    const answer = await outsider.ask(method, path, body);
    expect(answer.status).toBe(200);
    expect(JSON.stringify(answer.body)).not.toContain('before anybody came');
  }
  expect(eve.answer['state']).toBeDefined();
});

/** Every event in the lists of an answer, by ID. */
const byId = (answer: JsonObject): ReadonlyMap<EventId, JsonObject> =>
  new Map(
    ['state', 'auth_chain'].flatMap((name) => answer[name] as JsonObject[]).map((json) => [eventIdOf(json), json]),
  );

test('never 21: send_join takes anything, or answers with a state that cannot be checked', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const events = byId(eve.answer);
  for (const json of events.values()) {
    expect(json['hashes']).toBeDefined();
    expect(Object.keys(json['signatures'] as object)).not.toEqual([]);
    for (const id of json['auth_events'] as EventId[]) expect(events.has(id)).toBe(true);
  }
  expect([...events.values()].map(({ type }) => type)).toContain('m.room.create');
  const put = (event: { eventId: string; json: JsonObject }) =>
    peer.ask('PUT', `/_matrix/federation/v2/send_join/${enc(roomId)}/${enc(event.eventId)}`, event.json);
  expect((await put({ eventId: '$x', json: {} })).status).toBe(400);
  expect((await put(eve.event())).status).toBe(400);
  const mallory = peer.user('mallory');
  const asMember = (membership: string) =>
    eve.event({ type: 'm.room.member', sender: mallory, stateKey: mallory, content: { membership } });
  expect((await put(asMember('leave'))).status).toBe(400);
  await ask('POST', inRoom(roomId, '/ban'), { token: alice.token, body: { user_id: mallory } });
  expect((await put(asMember('join'))).status).toBe(403);
  const closed = await aRoom(alice, { preset: 'private_chat' });
  const uninvited = eve.event({
    roomId: closed,
    type: 'm.room.member',
    stateKey: eve.userId,
    content: { membership: 'join' },
  });
  const path = `/_matrix/federation/v2/send_join/${enc(closed)}/${enc(uninvited.eventId)}`;
  expect((await peer.ask('PUT', path, uninvited.json)).status).toBeGreaterThanOrEqual(400);
});

test('never 22: make_join ignores join rule, ban, ACL or version', async () => {
  const alice = await aLoggedInUser('alice');
  const peer = aPeer();
  const eve = peer.user('eve');
  const errorOf = async (roomId: string, query: string) => {
    const { status, body } = await peer.ask('GET', `${federation}/make_join/${enc(roomId)}/${enc(eve)}${query}`);
    return `${status} ${body['errcode'] as string}`;
  };
  const closed = await aRoom(alice, { preset: 'private_chat' });
  expect(await errorOf(closed, '?ver=11')).toBe('403 M_FORBIDDEN');
  const open = await aRoom(alice);
  expect(await errorOf(open, '?ver=1&ver=2')).toBe('400 M_INCOMPATIBLE_ROOM_VERSION');
  expect(await errorOf(open, '')).toBe('400 M_INCOMPATIBLE_ROOM_VERSION');
  await ask('POST', inRoom(open, '/ban'), { token: alice.token, body: { user_id: eve } });
  expect(await errorOf(open, '?ver=11')).toBe('403 M_FORBIDDEN');
  const acl = { allow: ['*'], deny: [peer.server.name.split(':')[0] ?? ''] };
  const guarded = await aRoom(alice, {
    initial_state: [{ type: 'm.room.server_acl', state_key: '', content: acl }],
  });
  expect(await errorOf(guarded, '?ver=11')).toBe('403 M_FORBIDDEN');
});

test('never 35: a server that the ACL denies is served, or heard', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const eventId = await say(alice, roomId, 'hello');
  const acl = { allow: ['*'], deny: [peer.server.name.split(':')[0] ?? ''] };
  await ask('PUT', inRoom(roomId, '/state/m.room.server_acl'), { token: alice.token, body: acl });
  const { next_batch: since } = await syncOf(alice);
  const user = enc(eve.userId);
  const room = enc(roomId);
  const leave = eve.event({ type: 'm.room.member', stateKey: eve.userId, content: { membership: 'leave' } });
  const knock = eve.event({ type: 'm.room.member', stateKey: eve.userId, content: { membership: 'knock' } });
  const invite = inviteOf(eve, (await aLoggedInUser('bob')).userId as UserId);
  const more: readonly (readonly [string, string, JsonObject?])[] = [
    ['GET', `${federation}/make_join/${room}/${user}?ver=11`],
    ['GET', `${federation}/make_leave/${room}/${user}`],
    ['GET', `${federation}/make_knock/${room}/${user}?ver=11`],
    ['PUT', `${federation}/send_knock/${room}/${enc(knock.eventId)}`, knock.json],
    [
      'PUT',
      `/_matrix/federation/v2/invite/${room}/${enc(invite.eventId)}`,
      { room_version: '11', event: invite.json, invite_room_state: [] },
    ],
    ['PUT', `${federation}/send_join/${room}/${enc(eve.join.eventId)}`, eve.join.json],
    ['PUT', `/_matrix/federation/v2/send_join/${room}/${enc(eve.join.eventId)}`, eve.join.json],
    ['PUT', `${federation}/send_leave/${room}/${enc(leave.eventId)}`, leave.json],
    ['PUT', `/_matrix/federation/v2/send_leave/${room}/${enc(leave.eventId)}`, leave.json],
  ];
  for (const [method, path, body] of [...readPaths(roomId, eventId), ...more]) {
    const answer = await peer.ask(method, path, body);
    // An event by its ID alone may be one that nobody has.
    expect(`${path} ${answer.status}`).toMatch(path.includes('/event/') ? / (403|404)$/ : / 403$/);
  }
  const event = eve.event();
  const said = await peer.push(event.json);
  expect(said[event.eventId]?.error).toBeDefined();
  await peer.send({
    edus: [
      { edu_type: 'm.typing', content: { room_id: roomId, user_id: eve.userId, typing: true } },
      {
        edu_type: 'm.receipt',
        content: { [roomId]: { 'm.read': { [eve.userId]: { event_ids: [eventId], data: { ts: 1 } } } } },
      },
    ],
  });
  expect(await ephemeralSince(alice, String(since))).not.toContain(eve.userId);
});

test('never 36: a key answer is believed without its own signature, or a key beyond its time', async () => {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice);
  const forged = aPeer();
  const own = aKeyAnswer(forged.server);
  const replies: (() => JsonObject)[] = [
    () => ({ ...own, signatures: {} }),
    () => ({ ...own, valid_until_ts: Date.now() + 1 }),
    () => ({ ...own, server_name: 'else.example' }),
  ];
  for (const reply of replies) {
    forged.reply('/_matrix/key/v2/server', reply);
    expect((await forged.ask('GET', `${federation}/query/profile?user_id=${enc(alice.userId)}`)).status).toBe(401);
  }
  const expired = aPeer();
  expired.reply('/_matrix/key/v2/server', () => aKeyAnswer(expired.server, { validUntil: Date.now() - 1_000 }));
  expect(
    (await expired.ask('GET', `${federation}/make_join/${enc(roomId)}/${enc(expired.user('eve'))}?ver=11`)).status,
  ).toBe(401);
});

test('never 38: a request of ours leaves unsigned, or an event does not reach every server in the room', async () => {
  const { alice, roomId, peer } = await aSharedRoom();
  const second = aPeer();
  await joinFrom(second, roomId, 'olga');
  const eventId = await say(alice, roomId, 'to everybody');
  for (const each of [peer, second]) {
    await eventually(() => expect(each.pdus().map(eventIdOf)).toContain(eventId));
    for (const request of each.received) await expectSigned(each, request);
  }
});

async function expectSigned(
  peer: Peer,
  { method, target, authorization, body }: Peer['received'][number],
): Promise<void> {
  // What is asked before we know with whom we speak.
  if (target.startsWith('/_matrix/key/') || target.startsWith('/.well-known/')) return;
  const header = parseXMatrix(authorization);
  if (!header.ok) throw new Error(`${target} is not signed: ${header.reason}`);
  const { keyId, signature, ...who } = header.value;
  expect(who).toMatchObject({ origin: serverName, destination: peer.server.name });
  const { body: keys } = await peer.ask('GET', '/_matrix/key/v2/server');
  const key = verifyKeyFromBase64((keys['verify_keys'] as Record<string, { key: string }>)[keyId]?.key ?? '');
  const request = { method, uri: target, origin: serverName, destination: peer.server.name, content: body };
  expect(key !== undefined && verifyXMatrix(request, signature, key)).toBe(true);
}

test('never 45: typing and receipts of ours stay here', async () => {
  const { alice, roomId, peer, eve } = await aSharedRoom();
  const { eventId } = await eve.say('read me');
  await ask('PUT', inRoom(roomId, `/typing/${enc(alice.userId)}`), {
    token: alice.token,
    body: { typing: true, timeout: 10_000 },
  });
  await ask('POST', inRoom(roomId, `/receipt/m.read/${enc(eventId)}`), { token: alice.token, body: {} });
  await eventually(() => {
    expect(peer.edus()).toEqual(
      expect.arrayContaining([
        { edu_type: 'm.typing', content: { room_id: roomId, user_id: alice.userId, typing: true } },
        {
          edu_type: 'm.receipt',
          content: {
            [roomId]: { 'm.read': { [alice.userId]: { event_ids: [eventId], data: { ts: expect.any(Number) } } } },
          },
        },
      ]),
    );
  });
});
