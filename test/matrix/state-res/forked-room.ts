import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { authEventTuples } from '../../../src/matrix/auth/auth-types.ts';
import { checkAuth } from '../../../src/matrix/auth/check-auth.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { stateTuple, type StateMap, type StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../../src/matrix/json/json-value.ts';
import type { RoomVersionRules } from '../../../src/matrix/room-versions/rules.ts';
import { aPdu } from '../../support/core/a-pdu.ts';
import { alice, aUser, bob, carol } from '../../support/core/a-user.ts';
import { literalResolve } from './literal-resolve.ts';
import { literalResolveV1 } from './literal-resolve-v1.ts';

const users: readonly UserId[] = [alice, bob, carol, aUser('dave'), aUser('eve', 'two.test')];

/** Those with power act more often than others. */
const senders = [...users, alice, alice, bob, bob, carol];

/** One event that is tried at one place of a generated room. Numbers choose, modulo what there is to choose from. */
export interface Step {
  readonly parents: readonly number[];
  readonly action: number;
  readonly sender: number;
  readonly target: number;
  readonly level: number;
  readonly delayMs: number;
  /** Where present, the event is not built on the state that its parents resolve to, but on these states' mixture. */
  readonly mixture: readonly number[] | undefined;
}

/** @param mixtures whether states that no honest server would hold occur. */
export function steps({ mixtures }: { mixtures: boolean }): fc.Arbitrary<Step[]> {
  const step = fc.record({
    parents: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }),
    action: fc.nat(actions.length - 1),
    sender: fc.nat(2 * users.length - 1),
    target: fc.nat(users.length - 1),
    level: fc.nat(3),
    delayMs: fc.integer({ min: -4, max: 6 }),
    mixture: mixtures
      ? fc.option(fc.array(fc.nat(60), { minLength: 2, maxLength: 2 }), { freq: 1, nil: undefined })
      : fc.constant(undefined),
  });
  return fc.noBias(fc.array(step, { minLength: 12, maxLength: 45 }));
}

type Action = (room: ForkedRoom, step: Step, state: StateMap) => Pick<Pdu, 'type' | 'stateKey' | 'content'>;

const membership =
  (value: string): Action =>
  (_room, { target }) => ({ type: 'm.room.member', stateKey: pick(users, target), content: { membership: value } });

const ownMembership =
  (value: string): Action =>
  (_room, { sender, delayMs }) => ({
    type: 'm.room.member',
    stateKey: pick(senders, sender),
    content: { membership: value, displayname: String(delayMs) },
  });

const topic: Action = (_room, { delayMs }) => ({
  type: 'm.room.topic',
  stateKey: '',
  content: { topic: String(delayMs) },
});

const powerLevels =
  (change: (content: JsonObject, step: Step) => JsonObject): Action =>
  (room, step, state) => {
    const current = state.get(stateTuple('m.room.power_levels', ''));
    const content = current === undefined ? {} : room.event(current).content;
    return { type: 'm.room.power_levels', stateKey: '', content: { ...content, ...change(content, step) } };
  };

const level = ({ level: chosen }: Step): number => pick([0, 40, 60, 100], chosen);

const actions: readonly Action[] = [
  ownMembership('join'),
  ownMembership('join'),
  ownMembership('leave'),
  membership('invite'),
  membership('ban'),
  membership('leave'),
  topic,
  topic,
  (_room, { target }) => ({ type: 'test.state', stateKey: `key${target % 2}`, content: {} }),
  (_room, step) => ({
    type: 'm.room.join_rules',
    stateKey: '',
    content: { join_rule: pick(['public', 'invite', 'public'], step.level) },
  }),
  powerLevels(({ users: levels }, step) => ({
    users: { ...(isJsonObject(levels) ? levels : {}), [pick(users, step.target)]: level(step) },
  })),
  powerLevels((_content, step) => ({ state_default: level(step) })),
  powerLevels((_content, step) => ({ users_default: pick([0, 0, 40, 60], step.level) })),
];

function pick<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}

/** A room with forks, grown step by step; the states after its events are what there is to resolve. */
export class ForkedRoom {
  readonly rules: RoomVersionRules;
  readonly events = new Map<EventId, Pdu>();
  /** The state after each event, in the order in which the events were made. */
  readonly states: StateMap[] = [];
  /** Of the event before each state: events of different branches share them, as in a real room. */
  readonly #depths = new Map<StateMap, number>();
  readonly #roomId: RoomId;
  #ts = 1_700_000_000_000;

  constructor(rules: RoomVersionRules, list: readonly Step[]) {
    this.rules = rules;
    const content = { room_version: rules.id, ...(rules.creatorIsSender ? {} : { creator: alice }) };
    const create = this.#make(alice, { type: 'm.room.create', stateKey: '', content }, new Map());
    this.#roomId = create.roomId;
    let state = this.#keep(create, new Map());
    const levels = rules.creatorsArePrivileged ? { [bob]: 60 } : { [alice]: 100, [bob]: 60 };
    const first: [UserId, Pick<Pdu, 'type' | 'stateKey' | 'content'>][] = [
      [alice, { type: 'm.room.member', stateKey: alice, content: { membership: 'join' } }],
      [alice, { type: 'm.room.power_levels', stateKey: '', content: { users: levels } }],
      [alice, { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } }],
      [bob, { type: 'm.room.member', stateKey: bob, content: { membership: 'join' } }],
    ];
    for (const [sender, event] of first) state = this.#keep(this.#make(sender, event, state), state);
    for (const step of list) this.#try(step);
  }

  event(id: EventId): Pdu {
    const event = this.events.get(id);
    if (event === undefined) throw new Error(`no event ${id}`);
    return event;
  }

  readonly source = (id: EventId): Pdu | undefined => this.events.get(id);

  /** States of this room. */
  choose(indices: readonly number[]): StateMap[] {
    return indices.map((index) => pick(this.states, this.states.length - 1 - (index % this.states.length)));
  }

  /** A state that takes each key from one of two states, or from none. */
  mix([one = 0, two = 0]: readonly number[]): StateMap {
    const [a, b] = [pick(this.states, one), pick(this.states, two)];
    const mixed = new Map<StateTuple, EventId>();
    for (const tuple of new Set([...a.keys(), ...b.keys()])) {
      const side = createHash('sha1').update(`${one}${tuple}`).digest().readUInt8(0) % 8;
      const id = side < 4 ? a.get(tuple) : side < 7 ? b.get(tuple) : undefined;
      if (id !== undefined) mixed.set(tuple, id);
    }
    return mixed;
  }

  #try(step: Step): void {
    const parents = this.choose(step.parents);
    const before = step.mixture === undefined ? this.#resolve([...new Set(parents)]) : this.mix(step.mixture);
    this.#ts += step.delayMs;
    const depth = 1 + Math.max(...parents.map((parent) => this.#depths.get(parent) ?? 0));
    const event = this.#make(pick(senders, step.sender), pick(actions, step.action)(this, step, before), before, depth);
    const state = (type: string, stateKey: string): Pdu | undefined => {
      const id = before.get(stateTuple(type, stateKey));
      return id === undefined ? undefined : this.event(id);
    };
    if (checkAuth(this.rules, event, state).ok) this.#keep(event, before);
  }

  #resolve(states: readonly StateMap[]): StateMap {
    const input = { rules: this.rules, events: this.events, isRejected: () => false };
    if (this.rules.stateResolution === 'v1') return literalResolveV1(input, states);
    return literalResolve(input, states, { statesInChains: true, chainsWithinSet: true });
  }

  #make(
    sender: UserId,
    event: Pick<Pdu, 'type' | 'stateKey' | 'content'>,
    before: StateMap,
    depth: number = this.states.length + 1,
  ): Pdu {
    const authEvents = authEventTuples(this.rules, { ...event, sender })
      .map(([type, stateKey]) => before.get(stateTuple(type, stateKey)))
      .filter((id) => id !== undefined);
    const previous = [...this.events.keys()].at(-1);
    return aPdu(this.rules, {
      ...event,
      sender,
      authEvents,
      roomId: this.#roomId ?? ('!room:one.test' as RoomId),
      prevEvents: previous === undefined ? [] : [previous],
      originServerTs: this.#ts,
      depth,
    });
  }

  #keep(event: Pdu, before: StateMap): StateMap {
    this.events.set(event.eventId, event);
    const after = new Map(before);
    after.set(stateTuple(event.type, event.stateKey ?? ''), event.eventId);
    this.states.push(after);
    this.#depths.set(after, event.depth);
    return after;
  }
}
