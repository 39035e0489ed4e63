import { beforeAll, describe, expect, test, vi } from 'vitest';

import { createPduChecker } from '../../../../../src/federation/receive/pdu-checker.ts';
import { verifyKeyFromBase64 } from '../../../../../src/matrix/crypto/ed25519.ts';
import { eventIdOf, referenceHash } from '../../../../../src/matrix/event/hashes.ts';
import type { RoomId } from '../../../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import { eventPath, refusal } from '../../../../support/worker/a-federation-app.ts';
import { aMembership } from '../../../../support/worker/a-membership.ts';
import {
  alice,
  aRealRoom,
  authEventsIn,
  bob,
  eve,
  joined,
  peer,
  rooms,
  serverName,
  signed,
  signingKey,
  type State,
  templateOf,
} from '../../../../support/worker/a-real-room.ts';

// The room sends to the peer what happens in it, also after the last test.
beforeAll(() => {
  vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('connection refused'));
});

describe.each(['1', '3', '10', '11', '12'])('a room of version %s', (version) => {
  test('is joined by another server with state that it can verify whole', async () => {
    const room = await aRealRoom(version);
    const { answer, join } = await joined(room);
    const ours = verifyKeyFromBase64((await signingKey()).publicKey);
    if (ours === undefined) throw new Error('no key');
    const checker = createPduChecker({
      keys: { keyFor: async (server) => (server === serverName ? ours : peer.verifyKey) },
      late: () => new Promise(() => undefined),
    });
    const events = await checker.check(room.rules, [...answer.state, ...answer.auth_chain]);
    expect(events).toHaveLength(answer.state.length + answer.auth_chain.length);
    const known = new Set(events.map(({ eventId }) => eventId));
    expect(join.authEvents.every((id) => known.has(id))).toBe(true);
    expect(events.flatMap(({ authEvents }) => authEvents).every((id) => known.has(id))).toBe(true);
    expect(await rooms.joinedServers({ roomId: room.roomId })).toContain(peer.name);
  });

  test('handed the same join again it answers the same', async () => {
    const room = await aRealRoom(version);
    const { join, answer } = await joined(room);
    const again = await room.put(eventPath('/v2/send_join', join.eventId, room.roomId), join.json);
    expect((await again.json<State>()).state).toEqual(answer.state);
  });

  test('is read by the server that is in it, and after its leave no more', async () => {
    const room = await aRealRoom(version);
    const { join, answer } = await joined(room);
    const id = encodeURIComponent(join.eventId);
    const ids = (list: readonly JsonObject[]) =>
      list.map((json) => eventIdOf(room.rules, json)).map((read) => (read.ok ? read.value : ''));
    const stateIds = await (
      await room.get(room.path('/v1/state_ids', `?event_id=${id}`))
    ).json<Record<string, string[]>>();
    expect(stateIds['pdu_ids']?.toSorted()).toEqual(ids(answer.state).toSorted());
    const state = await (await room.get(room.path('/v1/state', `?event_id=${id}`))).json<{ pdus: JsonObject[] }>();
    expect(state.pdus).toHaveLength(answer.state.length);
    const auth = await (await room.get(room.path('/v1/event_auth', `/${id}`))).json<{ auth_chain: JsonObject[] }>();
    expect(ids(auth.auth_chain)).toEqual(expect.arrayContaining([...join.authEvents]));
    const found = await (await room.get(`/v1/event/${id}`)).json<{ origin: string; pdus: JsonObject[] }>();
    expect(found).toMatchObject({ origin: serverName, pdus: [join.json] });
    const back = await (await room.get(room.path('/v1/backfill', `?v=${id}&limit=2`))).json<{ pdus: JsonObject[] }>();
    expect(ids(back.pdus)).toEqual([join.eventId, join.prevEvents[0]]);
    const missing = { earliest_events: [], latest_events: [join.eventId], limit: 1 };
    const gap = await (await room.post(room.path('/v1/get_missing_events'), missing)).json<{ events: JsonObject[] }>();
    expect(ids(gap.events)).toEqual([join.prevEvents[0]]);
    expect(referenceHash(room.rules, gap.events[0] ?? {})).toHaveLength(43);

    const leave = signed(room, await templateOf(room, 'leave'));
    const left = await room.put(eventPath('/v2/send_leave', leave.eventId, room.roomId), leave.json);
    expect(await left.json()).toEqual({});
    expect(await refusal(await room.get(room.path('/v1/state', `?event_id=${id}`)))).toBe('403 M_FORBIDDEN');
  });
});

test('a server that does not know the version of the room is told it', async () => {
  const room = await aRealRoom('11');
  const response = await room.get(room.path('/v1/make_join', `/${eve}`));
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errcode: 'M_INCOMPATIBLE_ROOM_VERSION', room_version: '11' });
});

test('a room is not joined without an invitation where it asks for one, whatever is handed in', async () => {
  const room = await aRealRoom('11', 'private_chat');
  expect(await refusal(await room.get(room.path('/v1/make_join', `/${eve}?ver=11`)))).toBe('403 M_FORBIDDEN');
  const join = aMembership(peer, 'join', {
    roomId: room.roomId,
    sender: eve,
    stateKey: eve,
    prevEvents: (await rooms.frontier({ roomId: room.roomId })).extremities,
    authEvents: await authEventsIn(room),
    depth: 20,
  });
  const response = await room.put(eventPath('/v2/send_join', join.eventId, room.roomId), join.json);
  expect(await refusal(response)).toBe('403 M_FORBIDDEN');
  expect(await rooms.joinedServers({ roomId: room.roomId })).toEqual([serverName]);
});

test('a template is made for users of the asker only', async () => {
  const room = await aRealRoom('11');
  const response = await room.get(room.path('/v1/make_join', '/@eve:else.test?ver=11'));
  expect(await refusal(response)).toBe('403 M_FORBIDDEN');
});

test('a server that the ACL keeps out gets nothing and gives nothing', async () => {
  const room = await aRealRoom('11');
  const { join } = await joined(room);
  const leave = signed(room, await templateOf(room, 'leave'));
  const acl = { allow: ['*'], deny: ['peer.test'] };
  const draft = { type: 'm.room.server_acl', sender: alice, stateKey: '', content: acl };
  await rooms.send({ roomId: room.roomId, draft });
  const id = encodeURIComponent(join.eventId);
  const answers = [
    await room.get(room.path('/v1/make_join', `/${eve}?ver=11`)),
    await room.get(room.path('/v1/make_leave', `/${eve}`)),
    await room.put(eventPath('/v2/send_join', join.eventId, room.roomId), join.json),
    await room.put(eventPath('/v2/send_leave', leave.eventId, room.roomId), leave.json),
    await room.get(room.path('/v1/state', `?event_id=${id}`)),
    await room.get(room.path('/v1/state_ids', `?event_id=${id}`)),
    await room.get(room.path('/v1/event_auth', `/${id}`)),
    await room.get(room.path('/v1/backfill', `?v=${id}&limit=1`)),
    await room.post(room.path('/v1/get_missing_events'), { earliest_events: [], latest_events: [join.eventId] }),
  ];
  for (const answer of answers) expect(await refusal(answer)).toBe('403 M_FORBIDDEN');
  const pdu = { eventId: leave.eventId, json: JSON.stringify(leave.json) };
  const refused = { status: 403, errcode: 'M_FORBIDDEN' };
  const asPeer = { roomId: room.roomId, origin: peer.name };
  await expect(rooms.decide({ ...asPeer, pdus: [pdu] })).rejects.toMatchObject(refused);
  const parked = { ...pdu, provisional: false, missing: [] };
  await expect(rooms.park({ ...asPeer, pdus: [parked] })).rejects.toMatchObject(refused);
  const typing = { roomId: room.roomId, userId: eve, until: Date.now() + 1_000 };
  await expect(rooms.remoteTyping(typing)).rejects.toMatchObject(refused);
});

test('an invitation to a room from outside is shown to the invited, and again when it comes again', async () => {
  const room = await aRealRoom('11');
  const roomId = `!${crypto.randomUUID()}:${peer.name}` as RoomId;
  const invite = aMembership(peer, 'invite', { roomId, stateKey: bob, sender: eve });
  const name = { type: 'm.room.name', state_key: '', sender: eve, content: { name: 'Outside' } };
  const body = { room_version: '11', event: invite.json, invite_room_state: [name] };
  for (let time = 0; time < 2; time += 1) {
    expect((await room.put(eventPath('/v2/invite', invite.eventId, roomId), body)).status).toBe(200);
  }
  const shown = await rooms.readInvite({ roomId, userId: bob });
  expect(shown).toMatchObject([name, { type: 'm.room.member', state_key: bob, sender: eve }]);
});

test('an invitation to a room that we are in is an event of it', async () => {
  const room = await aRealRoom('11');
  const { join } = await joined(room);
  const invite = aMembership(peer, 'invite', {
    roomId: room.roomId,
    stateKey: bob,
    sender: eve,
    prevEvents: [join.eventId],
    authEvents: [...(await authEventsIn(room)), join.eventId],
    depth: join.depth + 1,
    originServerTs: Date.now(),
  });
  const body = { room_version: '11', event: invite.json, invite_room_state: [] };
  const response = await room.put(eventPath('/v2/invite', invite.eventId, room.roomId), body);
  const { event } = await response.json<{ event: JsonObject }>();
  expect(Object.keys(event['signatures'] as JsonObject)).toEqual(expect.arrayContaining([peer.name, serverName]));
  const { extremities } = await rooms.frontier({ roomId: room.roomId });
  expect(extremities).toEqual([invite.eventId]);
  const held = await rooms.heldMembership({ roomId: room.roomId, userId: bob });
  expect(held).toEqual({ membership: 'invite', servers: [peer.name] });
});

test.each(['prev_events', 'auth_events'])('a join whose %s nobody knows is invalid', async (edges) => {
  const room = await aRealRoom('11');
  const join = signed(room, { ...(await templateOf(room, 'join')), [edges]: [`$${'A'.repeat(43)}`] });
  const answer = await room.put(eventPath('/v2/send_join', join.eventId, room.roomId), join.json);
  expect(await refusal(answer)).toBe('400 M_INVALID_PARAM');
});

test.each([
  ['before', 'my secret'],
  ['after', undefined],
])('a server that comes %s the erasure of a user gets what they said as %s', async (when, body) => {
  const room = await aRealRoom('11');
  const { roomId } = room;
  const content = { msgtype: 'm.text', body: 'my secret' };
  const { eventId } = await rooms.send({ roomId, draft: { type: 'm.room.message', sender: alice, content } });
  if (when === 'before') await joined(room);
  await rooms.erase({ roomId, userId: alice });
  if (when === 'after') await joined(room);
  const answer = await room.get(`/v1/event/${encodeURIComponent(eventId)}`);
  const { pdus } = await answer.json<{ pdus: { content: { body?: string } }[] }>();
  expect(pdus[0]?.content.body).toBe(body);
});
