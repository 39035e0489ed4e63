import { expect, test } from 'vitest';

import type { FederationClient, FederationRequest, FederationResult } from '../../../src/federation/client.ts';
import { backfill } from '../../../src/federation/operations/backfill.ts';
import { getEventAuth } from '../../../src/federation/operations/get-event-auth.ts';
import { getEvent } from '../../../src/federation/operations/get-event.ts';
import { getMissingEvents } from '../../../src/federation/operations/get-missing-events.ts';
import { getStateIds } from '../../../src/federation/operations/get-state-ids.ts';
import { getRoomEntry } from '../../../src/federation/operations/get-space-hierarchy.ts';
import { getState } from '../../../src/federation/operations/get-state.ts';
import { invite } from '../../../src/federation/operations/invite.ts';
import { makeJoin } from '../../../src/federation/operations/make-join.ts';
import { makeLeave } from '../../../src/federation/operations/make-leave.ts';
import { queryDirectory } from '../../../src/federation/operations/query-directory.ts';
import { queryProfile } from '../../../src/federation/operations/query-profile.ts';
import { sendLeave } from '../../../src/federation/operations/send-leave.ts';
import type { EventId, RoomAlias, RoomId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonValue } from '../../../src/matrix/json/json-value.ts';
import { rulesOf } from '../../support/core/rules-of.ts';

const destination = 'peer.test' as ServerName;
const roomId = '!room:peer.test' as RoomId;
const userId = '@user:us.test' as UserId;
const eventId = '$event' as EventId;
const alias = '#alias:peer.test' as RoomAlias;
const event = { type: 'm.room.member' };
const pdu = { type: 'm.room.message' };

type Answer = FederationResult<JsonValue>;
const refused = (status: number): Answer => ({
  ok: false,
  reason: { kind: 'refused', status, errcode: undefined, error: undefined, retryAfterMs: undefined },
});
const ok = (value: JsonValue): Answer => ({ ok: true, value });

/** Answers each request with the next of the answers. */
function aClient(...answers: readonly Answer[]) {
  const sent: FederationRequest[] = [];
  const left = [...answers];
  const answer = async (request: FederationRequest) => {
    sent.push(request);
    return left.shift() ?? refused(404);
  };
  return { sent, client: { request: answer, requestJson: answer } as unknown as FederationClient };
}

type Call = (client: FederationClient) => Promise<FederationResult<unknown>>;

test.each<[string, Call, JsonValue, unknown]>([
  [
    'GET /_matrix/federation/v1/make_join/%21room%3Apeer.test/%40user%3Aus.test?ver=10&ver=11',
    (client) => makeJoin(client, { destination, roomId, userId, versions: ['10', '11'] }),
    { room_version: '11', event },
    { roomVersion: '11', event },
  ],
  [
    'GET /_matrix/federation/v1/make_leave/%21room%3Apeer.test/%40user%3Aus.test',
    (client) => makeLeave(client, { destination, roomId, userId }),
    { event },
    { roomVersion: undefined, event },
  ],
  [
    'PUT /_matrix/federation/v2/send_leave/%21room%3Apeer.test/%24event',
    (client) => sendLeave(client, { destination, roomId, eventId, event }),
    {},
    undefined,
  ],
  [
    'GET /_matrix/federation/v1/hierarchy/%21room%3Apeer.test',
    (client) => getRoomEntry(client, { destination, roomId }),
    { room: { room_id: roomId, num_joined_members: 3, join_rule: 'public', guest_can_join: true }, children: [] },
    { isPublic: true, joinedMembers: 3, isEncrypted: false, guestCanJoin: true },
  ],
  [
    'GET /_matrix/federation/v1/event/%24event',
    (client) => getEvent(client, { destination, eventId }),
    { pdus: [pdu] },
    pdu,
  ],
  [
    'GET /_matrix/federation/v1/state_ids/%21room%3Apeer.test?event_id=%24event',
    (client) => getStateIds(client, { destination, roomId, eventId }),
    { pdu_ids: ['$a'], auth_chain_ids: ['$b'] },
    { state: ['$a'], authChain: ['$b'] },
  ],
  [
    'GET /_matrix/federation/v1/state/%21room%3Apeer.test?event_id=%24event',
    (client) => getState(client, { destination, roomId, eventId }),
    { pdus: [pdu], auth_chain: [] },
    { state: [pdu], authChain: [] },
  ],
  [
    'GET /_matrix/federation/v1/event_auth/%21room%3Apeer.test/%24event',
    (client) => getEventAuth(client, { destination, roomId, eventId }),
    { auth_chain: [pdu] },
    [pdu],
  ],
  [
    'GET /_matrix/federation/v1/backfill/%21room%3Apeer.test?v=%24event&limit=5',
    (client) => backfill(client, { destination, roomId, from: [eventId], limit: 5 }),
    { pdus: [pdu] },
    [pdu],
  ],
  [
    'POST /_matrix/federation/v1/get_missing_events/%21room%3Apeer.test',
    (client) =>
      getMissingEvents(client, { destination, roomId, earliest: [], latest: [eventId], limit: 5, minDepth: 0 }),
    { events: [pdu] },
    [pdu],
  ],
  [
    'GET /_matrix/federation/v1/query/profile?user_id=%40user%3Aus.test&field=displayname',
    (client) => queryProfile(client, { destination, userId, field: 'displayname' }),
    { displayname: 'User' },
    { displayname: 'User' },
  ],
  [
    'GET /_matrix/federation/v1/query/directory?room_alias=%23alias%3Apeer.test',
    (client) => queryDirectory(client, { destination, alias }),
    { room_id: roomId, servers: ['a.test', 'not a server', 5] },
    { roomId, servers: ['a.test'] },
  ],
])('%s', async (line, call, answer, value) => {
  const { client, sent } = aClient(ok(answer));
  expect(await call(client)).toEqual({ ok: true, value });
  expect(sent.map(({ method, target }) => `${method} ${target}`)).toEqual([line]);
});

test.each<[string, Call, JsonValue]>([
  ['make_join without an event', (client) => makeJoin(client, { destination, roomId, userId, versions: [] }), {}],
  ['event without one', (client) => getEvent(client, { destination, eventId }), { pdus: [] }],
  ['state_ids with other things', (client) => getStateIds(client, { destination, roomId, eventId }), { pdu_ids: [5] }],
  ['a backfill of texts', (client) => backfill(client, { destination, roomId, from: [], limit: 1 }), { pdus: ['x'] }],
  ['a directory without a room', (client) => queryDirectory(client, { destination, alias }), { servers: [] }],
])('%s is garbage', async (_what, call, answer) => {
  expect(await call(aClient(ok(answer)).client)).toMatchObject({ ok: false, reason: { kind: 'garbage' } });
});

const invitation = (version: string) => ({
  destination,
  roomId,
  eventId,
  event,
  rules: rulesOf(version),
  inviteRoomState: [pdu],
});

test('an invite goes with the room version and state', async () => {
  const { client, sent } = aClient(ok({ event }));
  expect(await invite(client, invitation('11'))).toEqual({ ok: true, value: event });
  expect(sent[0]).toMatchObject({
    target: '/_matrix/federation/v2/invite/%21room%3Apeer.test/%24event',
    body: { room_version: '11', event, invite_room_state: [pdu] },
  });
});

test.each([400, 404])('only in room versions 1 and 2 a %i leads to v1', async (status) => {
  const old = aClient(refused(status), ok([200, { event }]));
  expect(await invite(old.client, invitation('2'))).toEqual({ ok: true, value: event });
  expect(old.sent[1]).toMatchObject({
    target: '/_matrix/federation/v1/invite/%21room%3Apeer.test/%24event',
    body: { ...event, unsigned: { invite_room_state: [pdu] } },
  });
  const current = aClient(refused(status));
  expect((await invite(current.client, invitation('3'))).ok).toBe(false);
  expect(current.sent).toHaveLength(1);
});

test('a refused invite is not tried again in another form', async () => {
  const { client, sent } = aClient(refused(403));
  expect(await invite(client, invitation('1'))).toMatchObject({ ok: false, reason: { status: 403 } });
  expect(sent).toHaveLength(1);
});
