import { describe, expect, test } from 'vitest';

import { textStream } from '../../../../../src/durable/text-stream.ts';
import { forbidden } from '../../../../../src/matrix/error.ts';
import type { UserId } from '../../../../../src/matrix/ids/brands.ts';
import { aServer } from '../../../../support/core/test-keys.ts';
import { aFederationApp, eventPath, peer, refusal, us } from '../../../../support/worker/a-federation-app.ts';
import { aMembership } from '../../../../support/worker/a-membership.ts';

const join = aMembership(peer, 'join');
const leave = aMembership(peer, 'leave');
const state = ['{"body":1.0,"type":"m.room.create"}', '{"type":"m.room.name"}'];

const accepting = {
  acceptMembership: async () => undefined,
  joinAnswer: async () => textStream([`{"members_omitted":false,"state":[${state[0]},`, `${state[1]}]}`].values()),
};

const expected = { members_omitted: false, state: [{ body: 1, type: 'm.room.create' }, { type: 'm.room.name' }] };

test('a signed join is answered with what the room gives', async () => {
  const { put, calls } = aFederationApp({ room: accepting });
  const response = await put(eventPath('/v2/send_join', join.eventId), join.json);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual(expected);
  expect(calls.map(({ method }) => method)).toEqual(['acceptMembership', 'onSharedRoom', 'joinAnswer']);
  expect(calls[0]?.call).toMatchObject({ origin: 'peer.test', membership: 'join', pdu: { eventId: join.eventId } });
  const asked = { origin: 'peer.test', roomId: join.roomId, eventId: join.eventId };
  expect(calls[2]?.call).toEqual({ ...asked, omitMembers: false });
  await put(`${eventPath('/v2/send_join', join.eventId)}?omit_members=true`, join.json);
  expect(calls.at(-1)?.call).toEqual({ ...asked, omitMembers: true });
});

test('PDUs are answered as they are stored, to the last character of a number', async () => {
  const { put } = aFederationApp({ room: accepting });
  const text = await (await put(eventPath('/v2/send_join', join.eventId), join.json)).text();
  expect(text).toContain(`"state":[${state.join(',')}]`);
});

test('the removed first version is answered with a pair', async () => {
  const { put } = aFederationApp({ room: accepting });
  const response = await put(eventPath('/v1/send_join', join.eventId), join.json);
  expect(await response.json()).toEqual([200, expected]);
});

test('a large state arrives whole', async () => {
  const pieces = Array.from({ length: 200 }, (_, n) => `${n === 0 ? '[' : ','}"${'x'.repeat(50_000)}"`);
  const joinAnswer = async () => textStream([...pieces, ']'].values());
  const { put } = aFederationApp({ room: { ...accepting, joinAnswer } });
  const response = await put(eventPath('/v2/send_join', join.eventId), join.json);
  expect(await response.text()).toBe(`${pieces.join('')}]`);
});

test('a leave is answered with an empty object, by the first version with a pair', async () => {
  const { put, calls } = aFederationApp({ room: accepting });
  expect(await (await put(eventPath('/v2/send_leave', leave.eventId), leave.json)).json()).toEqual({});
  expect(await (await put(eventPath('/v1/send_leave', leave.eventId), leave.json)).json()).toEqual([200, {}]);
  expect(calls.map(({ method }) => method)).toEqual(['acceptMembership', 'acceptMembership']);
});

test('an event ID of room version 3, with a slash in it, is found in the path', async () => {
  const made = Array.from({ length: 60 }, (_, depth) => aMembership(peer, 'join', { version: '3', depth }));
  const join3 = made.find(({ eventId }) => eventId.includes('/'));
  if (join3 === undefined) throw new Error('none of the event IDs has a slash');
  const { put } = aFederationApp({ room: accepting, versions: { [join3.roomId]: '3' } });
  expect((await put(eventPath('/v2/send_join', join3.eventId), join3.json)).status).toBe(200);
});

test('IDs that are not percent-encoded are understood', async () => {
  const { put } = aFederationApp({ room: accepting });
  expect((await put(`/v2/send_join/${join.roomId}/${join.eventId}`, join.json)).status).toBe(200);
});

describe.each([
  ['join', '/v2/send_join'],
  ['join', '/v1/send_join'],
  ['leave', '/v2/send_leave'],
  ['leave', '/v1/send_leave'],
])('of a %s by %s', (membership, path) => {
  const other = aServer('other.test');
  const event = aMembership(peer, membership);
  const carol = '@carol:peer.test' as UserId;

  test('a room that is none of ours is not found and not addressed', async () => {
    const { put, calls } = aFederationApp({ room: accepting, versions: {} });
    expect(await refusal(await put(eventPath(path, event.eventId), event.json))).toBe('404 M_NOT_FOUND');
    expect(calls).toEqual([]);
  });

  test.each([
    ['another membership', aMembership(peer, 'invite')],
    ['another type', aMembership(peer, membership, { type: 'm.room.name' })],
    ['a state key that is not the sender', aMembership(peer, membership, { stateKey: carol })],
    ['another room', aMembership(peer, membership, { roomId: '!else:peer.test' as typeof event.roomId })],
    ["another server's user, however well signed", aMembership(other, membership)],
    ['a user of ours, signed by the peer', aMembership(peer, membership, { sender: '@bob:us.test' as UserId })],
  ])('%s is refused and not given to the room', async (_what, wrong) => {
    const { put, calls } = aFederationApp({ room: accepting, servers: [other] });
    expect(await refusal(await put(eventPath(path, wrong.eventId), wrong.json))).toBe('400 M_INVALID_PARAM');
    expect(calls).toEqual([]);
  });

  test.each([
    ['no signature', { ...event.json, signatures: {} }],
    ["another server's signature", { ...event.json, signatures: { [us.name]: { 'ed25519:1': 'c2ln' } } }],
    ['a forged signature', { ...event.json, signatures: { [peer.name]: { 'ed25519:1': 'A'.repeat(86) } } }],
    ['a changed content', { ...event.json, content: { membership, displayname: 'Eve' } }],
  ])('%s is refused and not given to the room', async (_what, json) => {
    const { put, calls } = aFederationApp({ room: accepting });
    expect(await refusal(await put(eventPath(path, event.eventId), json))).toBe('400 M_INVALID_PARAM');
    expect(calls).toEqual([]);
  });

  test('another event ID in the path is refused', async () => {
    const { put } = aFederationApp({ room: accepting });
    const response = await put(eventPath(path, aMembership(peer, 'invite').eventId), event.json);
    expect(await refusal(response)).toBe('400 M_INVALID_PARAM');
  });

  test('what the room refuses is answered as it says', async () => {
    const acceptMembership = async () => {
      throw forbidden('banned');
    };
    const { put } = aFederationApp({ room: { acceptMembership } });
    expect(await refusal(await put(eventPath(path, event.eventId), event.json))).toBe('403 M_FORBIDDEN');
  });
});
