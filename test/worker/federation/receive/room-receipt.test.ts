import { expect, test } from 'vitest';

import { RoomReceipt } from '../../../../src/federation/receive/room-receipt.ts';
import type { Pdu } from '../../../../src/matrix/event/pdu.ts';
import type { EventId, UserId } from '../../../../src/matrix/ids/brands.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aPeerWith, aSignedPdu, keysOf, memoryRoom, roomId, roomRules } from '../../../support/worker/a-remote-room.ts';

const [us, peer, other] = [aServer('us.test'), aServer('peer.test'), aServer('other.test')];
const MISSING = '/_matrix/federation/v1/get_missing_events/';
const STATE_IDS = '/_matrix/federation/v1/state_ids/';

/** A chain of events, each after the one before. */
function aChain(length: number, first: readonly Pdu[] = []): readonly Pdu[] {
  const chain: Pdu[] = [...first];
  for (let n = 0; n < length; n += 1) chain.push(aSignedPdu(peer, chain.slice(-1)));
  return chain.slice(first.length);
}

async function receive(
  room: ReturnType<typeof memoryRoom>,
  peers: ReturnType<typeof aPeerWith>,
  given: readonly Pdu[],
  pulled: ReadonlySet<EventId> = new Set(),
): Promise<RoomReceipt> {
  const deps = { serverName: us.name, keys: keysOf(us, peer, other), client: peers.client, rooms: room.rooms };
  const target = { roomId, rules: roomRules, origin: peer.name, pulled };
  const receipt = new RoomReceipt(
    deps,
    target,
    given.map((pdu) => ({ pdu, provisional: false })),
  );
  await receipt.decide();
  await receipt.resolveNeeds();
  await receipt.park();
  return receipt;
}

test('events that need nothing are decided in one call, parents first', async () => {
  const [root, a, b] = aChain(3) as [Pdu, Pdu, Pdu];
  const room = memoryRoom([root]);
  const peers = aPeerWith([]);
  const receipt = await receive(room, peers, [b, a]);
  expect(room.decided.map((call) => call.map(({ eventId }) => eventId))).toEqual([[a.eventId, b.eventId]]);
  expect(receipt.verdictOf(b.eventId)).toEqual({ kind: 'accepted', eventId: b.eventId });
  expect(peers.asked).toEqual([]);
});

test('a gap is filled from the sender', async () => {
  const [root, ...rest] = aChain(12) as [Pdu, ...Pdu[]];
  const pushed = rest.slice(-1);
  const room = memoryRoom([root]);
  const peers = aPeerWith([], { [MISSING]: { events: rest.slice(0, -1).map(({ json }) => json) } });
  await receive(room, peers, pushed);
  expect(rest.every(({ eventId }) => room.graph.has(eventId))).toBe(true);
  expect(peers.asked).toHaveLength(1);
  expect(room.parked).toEqual([]);
});

test('parents that get_missing_events does not give are asked for one by one', async () => {
  const [root, parent, child] = aChain(3) as [Pdu, Pdu, Pdu];
  const room = memoryRoom([root]);
  await receive(room, aPeerWith([parent], { [MISSING]: { events: [] } }), [child]);
  expect(room.graph.has(child.eventId)).toBe(true);
});

test('an event whose parents nobody produces is parked, and no claim of state is taken for it', async () => {
  const [root, parent, child] = aChain(3) as [Pdu, Pdu, Pdu];
  const room = memoryRoom([root]);
  const peers = aPeerWith([], { [STATE_IDS]: { pdu_ids: [root.eventId], auth_chain_ids: [] } });
  await receive(room, peers, [child]);
  expect(room.parked).toMatchObject([{ eventId: child.eventId, missing: [parent.eventId], provisional: false }]);
  expect(peers.asked.some((target) => target.includes('state_ids'))).toBe(false);
});

test('an event that was pulled and parked is given a claim of its own when it is tried again', async () => {
  const [root, , child] = aChain(3) as [Pdu, Pdu, Pdu];
  const room = memoryRoom([root], [us.name, peer.name, other.name]);
  const peers = aPeerWith([], { [STATE_IDS]: { pdu_ids: [root.eventId], auth_chain_ids: [] } });
  await receive(room, peers, [child], new Set([child.eventId]));
  expect(room.graph.has(child.eventId)).toBe(true);
  expect(peers.asked.find((target) => target.includes('state_ids'))).toMatch(/^other\.test /);
});

test('what was pulled and cannot be decided is parked as such', async () => {
  const [root, , pulled, child] = aChain(4) as [Pdu, Pdu, Pdu, Pdu];
  const room = memoryRoom([root]);
  await receive(room, aPeerWith([pulled]), [child]);
  expect(room.parked.map(({ eventId, isPulled }) => [eventId, isPulled === true])).toEqual([
    [child.eventId, false],
    [pulled.eventId, true],
  ]);
});

test('auth events that the room lacks are fetched with theirs, and stored first', async () => {
  const root = aSignedPdu(peer);
  const create = aSignedPdu(peer, [], { type: 'm.room.create', stateKey: '' });
  const member = aSignedPdu(peer, [], { type: 'm.room.member', stateKey: 'x', authEvents: [create.eventId] });
  const message = aSignedPdu(peer, [root], { authEvents: [member.eventId] });
  const room = memoryRoom([root]);
  await receive(room, aPeerWith([create, member]), [message]);
  expect([...room.outliers]).toEqual([create.eventId, member.eventId]);
  expect(room.graph.has(message.eventId)).toBe(true);
});

test('the state before the oldest pulled event is claimed, of another server where there is one', async () => {
  const root = aSignedPdu(peer);
  const chain = aChain(30, [root]);
  const pulled = chain.slice(10, 29);
  const state = aSignedPdu(peer, [], { type: 'm.room.name', stateKey: '' });
  const room = memoryRoom([root], [us.name, peer.name, other.name]);
  const peers = aPeerWith([state], {
    [MISSING]: { events: pulled.map(({ json }) => json) },
    [STATE_IDS]: { pdu_ids: [state.eventId], auth_chain_ids: [] },
  });
  await receive(room, peers, chain.slice(29));
  const claimed = room.decided.flat().filter(({ claim }) => claim !== undefined);
  expect(claimed.every(({ eventId, claim }) => eventId === pulled[0]?.eventId && claim?.[0] === state.eventId)).toBe(
    true,
  );
  expect(room.graph.has(chain[29]?.eventId as never)).toBe(true);
  expect(peers.asked.find((target) => target.includes('state_ids'))).toMatch(/^other\.test /);
  expect(room.outliers.has(state.eventId)).toBe(true);
});

test('each of several pulled chains has its own claim of state: no forbidden event on one delays the others', async () => {
  const root = aSignedPdu(peer);
  const state = aSignedPdu(peer, [], { type: 'm.room.name', stateKey: '' });
  // Parents that nobody gives, as a server that has rejected them does.
  const tops = [aSignedPdu(peer, [aSignedPdu(other, [root])]), aSignedPdu(peer, [aSignedPdu(other, [root, state])])];
  const child = aSignedPdu(peer, [root, ...tops]);
  const room = memoryRoom([root], [us.name, peer.name]);
  const peers = aPeerWith([state], {
    [MISSING]: { events: tops.map(({ json }) => json) },
    [STATE_IDS]: { pdu_ids: [state.eventId], auth_chain_ids: [] },
  });
  await receive(room, peers, [child]);
  expect(room.graph.has(child.eventId)).toBe(true);
  expect(room.parked).toEqual([]);
});

test('a parent that had to be dropped counts as pulled: one forged event delays nobody', async () => {
  const root = aSignedPdu(peer);
  const forged = aSignedPdu(other, [root], { sender: '@user:peer.test' as UserId });
  const child = aSignedPdu(peer, [forged]);
  const room = memoryRoom([root]);
  const peers = aPeerWith([], {
    [MISSING]: { events: [forged.json] },
    [STATE_IDS]: { pdu_ids: [root.eventId], auth_chain_ids: [] },
  });
  await receive(room, peers, [child]);
  expect(room.graph.has(child.eventId)).toBe(true);
  expect(room.graph.has(forged.eventId)).toBe(false);
});

test('events that nobody asked for, or of another room, are not taken as auth events', async () => {
  const root = aSignedPdu(peer);
  const wanted = aSignedPdu(peer);
  const message = aSignedPdu(peer, [root], { authEvents: [wanted.eventId] });
  const room = memoryRoom([root]);
  const liar = { ...aSignedPdu(peer), eventId: wanted.eventId };
  await receive(room, aPeerWith([liar]), [message]);
  expect(room.outliers.size).toBe(0);
  expect(room.parked.map(({ eventId, missing }) => [eventId, missing])).toEqual([[message.eventId, [wanted.eventId]]]);
});

test('what is fetched is bounded, however deep the sender lets us look', async () => {
  const root = aSignedPdu(peer);
  const auth: Pdu[] = [];
  for (let n = 0; n < 300; n += 1) {
    auth.push(aSignedPdu(peer, [], { authEvents: auth.slice(-1).map(({ eventId }) => eventId) }));
  }
  const message = aSignedPdu(peer, [root], { authEvents: auth.slice(-1).map(({ eventId }) => eventId) });
  const room = memoryRoom([root]);
  const peers = aPeerWith(auth, { [MISSING]: { events: aChain(200).map(({ json }) => json) } });
  await receive(room, peers, [message, aSignedPdu(peer, aChain(1))]);
  expect(peers.asked.length).toBeLessThan(130);
  expect(room.decided.length).toBeLessThanOrEqual(4);
  expect(room.decided.flat().length).toBeLessThan(100);
});
