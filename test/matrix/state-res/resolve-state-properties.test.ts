import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stateTuple, type StateMap, type StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId } from '../../../src/matrix/ids/brands.ts';
import { allow } from '../../../src/matrix/result.ts';
import { authChainByChildren } from '../../../src/matrix/state-res/auth-chain-by-children.ts';
import { authHeights } from '../../../src/matrix/state-res/auth-heights.ts';
import { resolveFullStates, resolveState } from '../../../src/matrix/state-res/resolve-state.ts';
import type { StateDelta } from '../../../src/matrix/state-res/resolve-input.ts';
import { WorkBudget } from '../../../src/matrix/state-res/work-budget.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { rulesOf } from '../../support/core/rules-of.ts';
import { ForkedRoom, steps } from './forked-room.ts';
import { literalResolve } from './literal-resolve.ts';
import { literalResolveV1 } from './literal-resolve-v1.ts';

const noneRejected = () => false;

/** What there is to resolve in one generated room. */
interface Case {
  readonly room: ForkedRoom;
  readonly states: readonly StateMap[];
  /** A state of the room that is none of `states`, for their differences. */
  readonly base: StateMap;
}

const choices = fc.array(fc.array(fc.nat(25), { minLength: 3, maxLength: 5 }), { minLength: 5, maxLength: 5 });

/** Calls `check` for five selections of states in each of `rooms` generated rooms. */
function forCases(version: string, mixtures: boolean, rooms: number, check: (found: Case) => void): void {
  const property = fc.property(steps({ mixtures }), choices, (list, selections) => {
    const room = new ForkedRoom(rulesOf(version), list);
    for (const [first = 0, ...others] of selections) {
      const states = mixtures ? others.map((other) => room.mix([first + other, other])) : room.choose(others);
      check({ room, states, base: room.choose([first])[0] ?? new Map() });
    }
  });
  fc.assert(property, { numRuns: rooms });
}

function resolved({ room, states }: Case, isRejected: (id: EventId) => boolean = noneRejected): StateMap {
  const result = resolveFullStates(room.rules, states, room.source, isRejected);
  if (!result.ok) throw new Error(result.reason.kind);
  return result.value;
}

/** Resolves the states as differences from the case's base, with the graph read upwards. */
function resolvedAsDeltas({ room, states, base }: Case): StateMap {
  const children = new Map<EventId, EventId[]>();
  for (const { eventId, authEvents } of room.events.values()) {
    for (const auth of authEvents) children.set(auth, [...(children.get(auth) ?? []), eventId]);
  }
  const readBase = (tuple: StateTuple) => base.get(tuple);
  const result = resolveState({
    rules: room.rules,
    base: readBase,
    sets: states.map((state) => deltaFrom(base, state)),
    events: room.source,
    isRejected: noneRejected,
    authChain: authChainByChildren(readBase, {
      events: room.source,
      height: authHeights(room.source, new WorkBudget(Infinity)),
      authChildren: (id) => children.get(id) ?? [],
    }),
  });
  if (!result.ok) throw new Error(result.reason.kind);
  const whole = new Map(base);
  for (const [tuple, id] of result.value) {
    if (id === undefined) whole.delete(tuple);
    else whole.set(tuple, id);
  }
  return whole;
}

function deltaFrom(base: StateMap, state: StateMap): StateDelta {
  const tuples = new Set([...base.keys(), ...state.keys()]);
  const changed = [...tuples].filter((tuple) => base.get(tuple) !== state.get(tuple));
  return { changes: new Map(changed.map((tuple) => [tuple, state.get(tuple)])) };
}

describe.each(supportedRoomVersions)('version %s', (version) => {
  test('equals the reference in the words of the specification, in whatever order the states come', () => {
    const reading = { statesInChains: true, chainsWithinSet: version !== '12' };
    const rotate = <T>([first, ...others]: readonly T[]): readonly T[] =>
      first === undefined ? others : [...others, first];
    forCases(version, true, version === '1' ? 250 : 30, (found) => {
      const input = { rules: found.room.rules, events: found.room.events, isRejected: noneRejected };
      const reference =
        version === '1' ? literalResolveV1(input, found.states) : literalResolve(input, found.states, reading);
      let { states } = found;
      for (const _ of found.states) {
        states = rotate(states);
        expect(resolved({ ...found, states })).toEqual(reference);
        expect(resolved({ ...found, states: states.toReversed() })).toEqual(reference);
      }
    });
  });
});

describe.each([
  ['2', false],
  ['2', true],
  ['6', false],
  ['11', false],
  ['11', true],
  ['12', false],
  ['12', true],
])('version %s, states that no honest server would hold: %s', (version, mixtures) => {
  test('equals the reference in the words of the specification, with any events rejected', () => {
    // In version 12 the subgraph makes it equal whether chains are followed within the set or not.
    const reading = { statesInChains: true, chainsWithinSet: version !== '12' };
    forCases(version, mixtures, 120, (found) => {
      for (const isRejected of [noneRejected, (id: EventId) => id.charCodeAt(3) % 5 === 0]) {
        const reference = literalResolve(
          { rules: found.room.rules, events: found.room.events, isRejected },
          found.states,
          reading,
        );
        expect(resolved(found, isRejected)).toEqual(reference);
      }
    });
  });

  test('is the same from differences as from whole states', () => {
    forCases(version, mixtures, 120, (found) => {
      expect(resolvedAsDeltas(found)).toEqual(resolved(found));
    });
  });
});

describe.each(['1', '2', '11', '12'])('version %s', (version) => {
  test('differences and whole states agree, in any order of the states, however often one is repeated', () => {
    forCases(version, true, 60, (found) => {
      const expected = resolved(found);
      expect(resolvedAsDeltas(found)).toEqual(expected);
      expect(resolved({ ...found, states: found.states.toReversed() })).toEqual(expected);
      expect(resolved({ ...found, states: [...found.states, ...found.states.slice(0, 1)] })).toEqual(expected);
    });
  });

  test('equal states resolve to themselves', () => {
    forCases(version, true, 30, (found) => {
      const [state = new Map()] = found.states;
      expect(resolved({ ...found, states: [state, new Map(state), state] })).toEqual(state);
      expect(resolved({ ...found, states: [state] })).toEqual(state);
    });
  });

  test('every event of the result stands under its own key, and the create event stays', () => {
    forCases(version, false, 60, (found) => {
      const result = resolved(found);
      for (const [tuple, id] of result) {
        const { type, stateKey } = found.room.event(id);
        expect(stateTuple(type, stateKey ?? '')).toBe(tuple);
      }
      const create = stateTuple('m.room.create', '');
      expect(result.get(create)).toBe(found.base.get(create));
    });
  });

  test('what all states hold stays, and no event comes from outside the states and their auth chains', () => {
    forCases(version, true, 60, (found) => {
      const result = resolved(found);
      const [first = new Map(), ...others] = found.states;
      const shared = [...first].filter(([tuple, id]) => others.every((state) => state.get(tuple) === id));
      expect(shared.filter(([tuple, id]) => result.get(tuple) !== id)).toEqual([]);
      const known = new Set(found.states.flatMap((state) => [...state.values()]));
      for (const id of known) for (const auth of found.room.event(id).authEvents) known.add(auth);
      for (const id of result.values()) expect(known).toContain(id);
    });
  });
});

test('no state at all resolves to the empty state', () => {
  expect(resolveFullStates(rulesOf('11'), [], () => undefined, noneRejected)).toEqual(allow(new Map()));
});
