import { expect, test } from 'vitest';

import type { FederationClient, FederationRequest } from '../../../src/federation/client.ts';
import type { FederationFailure } from '../../../src/federation/failure.ts';
import { createRemoteServers } from '../../../src/federation/remote-servers.ts';
import type { EventId, RoomAlias, RoomId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { allow, deny, type Result } from '../../../src/matrix/result.ts';
import type { RemoteServers } from '../../../src/rooms/ports.ts';
import { piecesOf } from '../../support/core/pieces-of.ts';

const peer = 'peer.test' as ServerName;
const roomId = '!room:peer.test' as RoomId;
const userId = '@bob:us.test' as UserId;
const eventId = '$e' as EventId;
const event = { type: 'm.room.member' };

const nobody = async () => undefined;

/** Other servers that all give this answer. */
function servers(answer: Result<JsonObject, FederationFailure>) {
  const asked: FederationRequest[] = [];
  const answered = async (request: FederationRequest) => {
    asked.push(request);
    return answer;
  };
  const client: FederationClient = {
    request: answered,
    requestJson: answered,
    requestStream: async (request, read) => {
      asked.push(request);
      return answer.ok ? read(piecesOf(JSON.stringify(answer.value), 7), new Headers()) : answer;
    },
  };
  const remote: RemoteServers = createRemoteServers(client);
  return { remote, asked };
}

test('a template comes with the version of the room, the first where the server names none', async () => {
  const query = { roomId, userId, versions: ['11'] };
  const named = servers(allow({ room_version: '11', event }));
  expect(await named.remote.makeJoin(peer, query)).toEqual(allow({ roomVersion: '11', event }));
  expect(named.asked[0]?.target).toContain('?ver=11');
  const unnamed = servers(allow({ event }));
  expect(await unnamed.remote.makeJoin(peer, query)).toEqual(allow({ roomVersion: '1', event }));
  expect(await unnamed.remote.makeLeave(peer, { roomId, userId })).toEqual(allow({ roomVersion: '1', event }));
});

test('a join is answered with the state and its auth chain, as they arrive', async () => {
  const { remote, asked } = servers(allow({ state: [event], auth_chain: [{ type: 'a' }], event }));
  const taken: unknown[] = [];
  const answer = await remote.sendJoin(peer, { roomId, eventId, event }, async (...part) => void taken.push(part));
  expect(answer).toEqual(allow({ event }));
  expect(taken).toEqual([
    ['state', [event]],
    ['auth_chain', [{ type: 'a' }]],
  ]);
  expect(asked[0]).toMatchObject({ destination: peer, method: 'PUT', body: event });
});

test.each([
  [allow({ pdus: [event] }), allow(true)],
  [
    deny({ kind: 'refused' as const, status: 404, errcode: 'M_NOT_FOUND', error: '', retryAfterMs: undefined }),
    allow(false),
  ],
])('whether a server has an event is asked for: %j', async (answer, known) => {
  expect(await servers(answer).remote.knowsEvent(peer, eventId)).toEqual(known);
});

test('a leave is taken', async () => {
  const { remote, asked } = servers(allow({}));
  expect(await remote.sendLeave(peer, { roomId, eventId, event })).toEqual(allow(undefined));
  expect(asked[0]?.target).toContain('/send_leave/');
});

test('an invitation comes back as the other server signed it', async () => {
  const signed = { ...event, signatures: {} };
  const { remote, asked } = servers(allow({ event: signed }));
  const invitation = { roomId, eventId, event, roomVersion: '11', inviteRoomState: [] };
  expect(await remote.invite(peer, invitation)).toEqual(allow(signed));
  expect(asked[0]?.body).toEqual({ room_version: '11', event, invite_room_state: [] });
});

test('an alias is asked for at the server that it names', async () => {
  const { remote, asked } = servers(allow({ room_id: roomId, servers: ['peer.test'] }));
  const answer = await remote.resolveAlias('#alias:peer.test:8448' as RoomAlias);
  expect(answer).toEqual(allow({ roomId, servers: [peer] }));
  expect(asked[0]?.destination).toBe('peer.test:8448');
});

test.each<[string, FederationFailure, JsonObject]>([
  [
    'a refusal',
    { kind: 'refused', status: 403, errcode: 'M_FORBIDDEN', error: 'banned', retryAfterMs: undefined },
    { kind: 'refused', status: 403, errcode: 'M_FORBIDDEN', error: 'banned' },
  ],
  [
    'an error without an errcode',
    { kind: 'refused', status: 502, errcode: undefined, error: undefined, retryAfterMs: undefined },
    { kind: 'refused', status: 502, error: '' },
  ],
  [
    'our own policy',
    { kind: 'denied', by: { kind: 'federation-off' } },
    { kind: 'denied', status: 403, error: 'federation is switched off' },
  ],
  [
    'a server that is down',
    { kind: 'unreachable', reason: 'reset' },
    { kind: 'unreachable', error: 'cannot be reached: reset' },
  ],
  ['a slow server', { kind: 'timeout', timeoutMs: 10 }, { kind: 'unreachable', error: 'did not answer within 10 ms' }],
])('%s is told as what it is', async (_what, failure, expected) => {
  const { remote } = servers(deny(failure));
  const submission = { roomId, eventId, event };
  expect(await remote.sendJoin(peer, submission, nobody)).toEqual(deny(expected));
  expect(await remote.makeLeave(peer, { roomId, userId })).toEqual(deny(expected));
});

test('an answer that is not what it should be is none', async () => {
  const { remote } = servers(allow({ state: 'x' }));
  expect(await remote.sendJoin(peer, { roomId, eventId, event }, nobody)).toMatchObject({
    reason: { kind: 'unreachable' },
  });
});
