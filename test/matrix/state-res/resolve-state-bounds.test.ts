import { describe, expect, test } from 'vitest';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { stateTuple, type StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId } from '../../../src/matrix/ids/brands.ts';
import { allow, deny } from '../../../src/matrix/result.ts';
import { authChainByChildren } from '../../../src/matrix/state-res/auth-chain-by-children.ts';
import { authHeights } from '../../../src/matrix/state-res/auth-heights.ts';
import type { ResolveInput } from '../../../src/matrix/state-res/resolve-input.ts';
import { resolveFullStates, resolveState } from '../../../src/matrix/state-res/resolve-state.ts';
import { WorkBudget } from '../../../src/matrix/state-res/work-budget.ts';
import { aRoom, type RoomBuilder } from '../../support/core/a-room.ts';
import { alice, aUser, bob } from '../../support/core/a-user.ts';

const topicKey = stateTuple('m.room.topic', '');
const levelsKey = stateTuple('m.room.power_levels', '');

/** A room in which two branches, of which nobody but the room is said to know, made these changes. */
function branches(room: RoomBuilder, ...changes: readonly (readonly Pdu[])[]): ResolveInput {
  const events = new Map([...room.events, ...changes.flat()].map((event) => [event.eventId, event]));
  const children = new Map<EventId, EventId[]>();
  for (const { eventId, authEvents, stateKey } of events.values()) {
    if (stateKey === undefined) continue;
    for (const auth of authEvents) children.set(auth, [...(children.get(auth) ?? []), eventId]);
  }
  const map = room.stateMap;
  const base = (tuple: StateTuple): EventId | undefined => map.get(tuple);
  const source = (id: EventId): Pdu | undefined => events.get(id);
  return {
    rules: room.rules,
    base,
    sets: changes.map((list) => ({
      changes: new Map(list.map(({ type, stateKey = '', eventId }) => [stateTuple(type, stateKey), eventId])),
    })),
    events: source,
    isRejected: () => false,
    authChain: authChainByChildren(base, {
      events: source,
      height: authHeights(source, new WorkBudget(Infinity)),
      authChildren: (id) => children.get(id) ?? [],
    }),
  };
}

/** The event comes later than all others by its clock. */
const topic = (room: RoomBuilder, text: string, originServerTs: number): Pdu =>
  room.event({ type: 'm.room.topic', sender: alice, stateKey: '', content: { topic: text }, originServerTs });

describe.each(['1', '2', '11', '12'])('version %s', (version) => {
  const room = aRoom({ version, joinRule: 'public' });
  const crowded = Array.from({ length: 300 }, (_, index) => aUser(`user${index}`)).reduce(
    (grown: RoomBuilder, user) => grown.with(grown.joinOf(user)),
    room,
  );

  test('the work does not grow with the room', () => {
    const input = branches(crowded, [topic(crowded, 'one', 1)], [topic(crowded, 'two', 2)]);
    expect(resolveState({ ...input, maxVisited: 40 }).ok).toBe(true);
  });

  test('asks the base at most once for each key', () => {
    const asked: StateTuple[] = [];
    const users = Array.from({ length: 20 }, (_, index) => aUser(`user${index}`));
    const changed = ['left', 'right'].map((name) => users.map((user) => crowded.joinOf(user, { displayname: name })));
    const input = branches(crowded, ...changed);
    resolveState({ ...input, base: (tuple) => (asked.push(tuple), input.base(tuple)) });
    expect(asked).toHaveLength(new Set(asked).size);
  });

  test('more work than allowed has no result, and says so', () => {
    const input = branches(room, [topic(room, 'one', 1)], [topic(room, 'two', 2)]);
    expect(resolveState({ ...input, maxVisited: 0 })).toEqual(deny({ kind: 'too-much-work' }));
  });
});

describe.each(['2', '11', '12'])('version %s', (version) => {
  const room = aRoom({ version, joinRule: 'public' });

  test('an old topic on power levels that were replaced is decided without visiting the members', () => {
    const old = room.withMember(bob, 'join');
    const users = Array.from({ length: 300 }, (_, index) => aUser(`user${index}`));
    const members = users.reduce((grown: RoomBuilder, user) => grown.with(grown.joinOf(user)), old);
    const now = members.withPowerLevels(version === '12' ? { ban: 60 } : { users: { [alice]: 100 }, ban: 60 });
    const input = branches(now, [topic(old, 'old', 1)], [topic(now, 'new', 2)]);
    expect(resolveState({ ...input, maxVisited: 40 })).toEqual(
      allow(new Map([[topicKey, topic(now, 'new', 2).eventId]])),
    );
  });

  test('an auth event that is not at hand is passed over', () => {
    const one = topic(room, 'one', 1);
    const other = topic(room, 'two', 2);
    const two = { ...other, authEvents: [...other.authEvents, '$lost' as EventId] };
    const input = branches(room, [one], [two]);
    expect(resolveState(input)).toEqual(allow(new Map([[topicKey, two.eventId]])));
  });

  test('a conflicted event that is not at hand is as if no state held it', () => {
    const [one, two] = [topic(room, 'one', 1), topic(room, 'two', 2)];
    const input = branches(room, [one], [two]);
    const events = (id: EventId): Pdu | undefined => (id === two.eventId ? undefined : input.events(id));
    expect(resolveState({ ...input, events })).toEqual(allow(new Map([[topicKey, one.eventId]])));
  });
});

test('where the state names power levels that are not at hand, nothing is allowed by guessing at them', () => {
  const room = aRoom({ version: '11', joinRule: 'public' });
  const input = branches(room, [topic(room, 'one', 1)], [topic(room, 'two', 2)]);
  const lost = input.base(levelsKey);
  const events = (id: EventId): Pdu | undefined => (id === lost ? undefined : input.events(id));
  expect(resolveState({ ...input, events })).toEqual(allow(new Map([[topicKey, undefined]])));
});

test('an event that no state holds comes in where the auth difference brings it and no state has its key', () => {
  const room = aRoom({ version: '11', joinRule: 'public' });
  const bobs = room.with(room.joinOf(bob));
  const levels = { users: { [alice]: 100, [bob]: 50 } };
  const joined = bobs.withPowerLevels(levels).stateMap.get(stateTuple('m.room.member', bob));
  const text = bobs
    .withPowerLevels(levels)
    .event({ type: 'm.room.topic', sender: bob, stateKey: '', content: { topic: 'hello' } });
  const base = bobs.withPowerLevels(levels).without('m.room.member', bob);
  const source = (id: EventId): Pdu | undefined => [...base.events, text].find(({ eventId }) => eventId === id);
  const states = [base.stateMap, new Map([...base.stateMap, [topicKey, text.eventId]])];
  const result = resolveFullStates(base.rules, states, source, () => false);
  expect(result.ok && result.value.get(stateTuple('m.room.member', bob))).toBe(joined);
});
