import { beforeAll, describe, expect, test } from 'vitest';

import { eventIdOf } from '../../src/matrix/event/hashes.ts';
import type { EventId, ServerName, UserId } from '../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../src/matrix/json/json-value.ts';
import { joinAnswer } from '../../src/room/servers/join-answer.ts';
import { eventAuthForServer, stateForServer, stateIdsForServer } from '../../src/room/servers/read-for-server.ts';
import { fullState } from '../../src/room/state/state-at.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';
import { signPdu } from '../support/simulator/sign-pdu.ts';

const alice = '@alice:one' as UserId;
const eve = '@eve:two' as UserId;
const two = 'two' as ServerName;
/** More than two pages of them. */
const MEMBERS = 230;

const room = new RoomRig('one');
let onMain: EventId;
let onBranch: EventId;

function enter(userId: UserId, membership = 'join', at?: { prev: EventId; pos: number }): EventId {
  const draft = { type: 'm.room.member', sender: userId, stateKey: userId, content: { membership } };
  const pdu = signPdu(room, { ...draft, ...(at && { prevEvents: [at.prev], at: at.pos }) });
  expect(room.receive(pdu, pdu.sender.slice(pdu.sender.indexOf(':') + 1)).kind).toBe('accepted');
  return pdu.eventId;
}

beforeAll(() => {
  room.create('11', alice);
  for (const [type, stateKey] of [['', ''] as const, ['a.first', ''] as const, ['z.last', 'key'] as const]) {
    room.send({ type, sender: alice, stateKey, content: {} });
  }
  for (let n = 0; n < MEMBERS; n += 1) enter(`@user${n}:three` as UserId);
  // Somebody who came, went and came again, and so rests on events that are no state any more.
  for (const membership of ['join', 'leave']) enter(eve, membership);
  const prev = room.say(alice, 'the branches part here').eventId;
  const pos = room.store.stream.head();
  room.send({ type: 'z.last', sender: alice, stateKey: 'key', content: { newer: true } });
  enter('@lone:four' as UserId);
  onMain = enter(eve);
  const left = enter('@user7:three' as UserId, 'leave', { prev, pos });
  const only = enter('@only:five' as UserId, 'join', { prev: left, pos });
  onBranch = enter('@eve2:two' as UserId, 'join', { prev: only, pos });
});

interface Answer {
  readonly members_omitted: boolean;
  readonly servers_in_room: readonly string[];
  readonly event: JsonObject;
  readonly state: readonly JsonObject[];
  readonly auth_chain: readonly JsonObject[];
}

const answered = (eventId: EventId, omitMembers: boolean) =>
  JSON.parse([...joinAnswer(room.store, room.serverName, { origin: two, eventId, omitMembers })].join('')) as Answer;

function idOf(json: JsonObject): string {
  const id = eventIdOf(room.store.rules(), json);
  return id.ok ? id.value : 'none';
}

const idsOf = (events: readonly JsonObject[]) => events.map(idOf).toSorted();

/** The state before an event as the room resolves it, and the closure of its auth events by hand. */
function expected(eventId: EventId, isWanted: (type: string) => boolean = () => true) {
  const { before, pdu } = room.store.events.get(eventId) ?? {};
  if (before === undefined || pdu === undefined) throw new Error('not accepted');
  const state = [...fullState(room.store, before).values()].filter((id) => isWanted(room.pdu(id).type));
  const chain = new Set<EventId>();
  const open = [...state, eventId];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const auth of room.pdu(id).authEvents) if (!chain.has(auth)) open.push(auth);
    for (const auth of room.pdu(id).authEvents) chain.add(auth);
  }
  return { state: state.toSorted(), chain: [...chain].toSorted() };
}

describe.each([
  ['the main line', () => onMain, ['four', 'one', 'three']],
  ['a branch', () => onBranch, ['five', 'one', 'three']],
])('of a join on %s', (_where, join, servers) => {
  test('every event of the state before it is answered once, and every event that it rests on', () => {
    const { state, chain } = expected(join());
    const answer = answered(join(), false);
    expect(state.length).toBeGreaterThan(MEMBERS);
    expect(idsOf(answer.state)).toEqual(state);
    expect(idsOf(answer.auth_chain)).toEqual(chain);
    expect(answer.members_omitted).toBe(false);
    expect(answer.servers_in_room.toSorted()).toEqual(servers);
    expect(idOf(answer.event)).toBe(join());
  });

  test('a server that does without members is given those who name the room, and no event twice', () => {
    const { state, chain } = expected(join(), (type) => type !== 'm.room.member');
    const answer = answered(join(), true);
    const members = answer.state.filter(({ type }) => type === 'm.room.member');
    expect(idsOf(answer.state.filter(({ type }) => type !== 'm.room.member'))).toEqual(state);
    expect(members.map((event) => event['state_key'])).toContain(alice);
    expect(members).toHaveLength(5);
    const all = idsOf([...answer.state, ...answer.auth_chain]);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(expect.arrayContaining(chain));
    expect(answer.members_omitted).toBe(true);
    expect(answer.servers_in_room.toSorted()).toEqual(servers);
  });

  test('the state is read as events, and as their IDs', () => {
    const { state } = expected(join());
    const read = JSON.parse([...stateForServer(room.store, two, join())].join('')) as Record<string, JsonObject[]>;
    const ids = JSON.parse([...stateIdsForServer(room.store, two, join())].join('')) as Record<string, string[]>;
    expect(idsOf(read['pdus'] ?? [])).toEqual(state);
    expect(ids['pdu_ids']?.toSorted()).toEqual(state);
    expect(ids['auth_chain_ids']?.toSorted()).toEqual(idsOf(read['auth_chain'] ?? []));
  });
});

test('a room with a name needs no members to name it', () => {
  room.send({ type: 'm.room.name', sender: alice, stateKey: '', content: { name: 'Name' } });
  const join = enter('@eve3:two' as UserId);
  expect(answered(join, true).state.filter(({ type }) => type === 'm.room.member')).toEqual([]);
});

test('what changes while an answer is read does not change the answer', () => {
  const { state } = expected(onMain);
  const text = joinAnswer(room.store, room.serverName, { origin: two, eventId: onMain, omitMembers: false });
  const pieces: string[] = [];
  for (const [n, piece] of [...Array.from({ length: 40 }).entries()].map(([at]) => [at, text.next()] as const)) {
    if (n % 2 === 0) enter(`@user${n}:three` as UserId, 'leave');
    if (piece.done !== true) pieces.push(piece.value);
  }
  for (const piece of text) pieces.push(piece);
  expect(idsOf((JSON.parse(pieces.join('')) as Answer).state)).toEqual(state);
});

test('the auth chain of one event leaves out the event', () => {
  const answer = JSON.parse([...eventAuthForServer(room.store, two, onMain)].join('')) as Answer;
  const ids = idsOf(answer.auth_chain);
  expect(ids).toEqual(expect.arrayContaining([...room.pdu(onMain).authEvents]));
  expect(ids).not.toContain(onMain);
});

test.each([
  ['of nobody', () => '$none' as EventId, two],
  ["of another server's user", () => onMain, 'three' as ServerName],
])('a join %s is not answered', (_whose, eventId, origin) => {
  expect(() => joinAnswer(room.store, room.serverName, { origin, eventId: eventId(), omitMembers: false })).toThrow();
});
