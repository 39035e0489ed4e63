import type { AuthState } from '../../../src/matrix/auth/auth-state.ts';
import { authEventTuples } from '../../../src/matrix/auth/auth-types.ts';
import { checkAuth } from '../../../src/matrix/auth/check-auth.ts';
import { userPowerLevel } from '../../../src/matrix/auth/power-levels.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { stateTuple, type StateMap, type StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId } from '../../../src/matrix/ids/brands.ts';
import type { RoomVersionRules } from '../../../src/matrix/room-versions/rules.ts';

export interface LiteralInput {
  readonly rules: RoomVersionRules;
  readonly events: ReadonlyMap<EventId, Pdu>;
  readonly isRejected: (id: EventId) => boolean;
}

/** The two places in which the homeservers in use read the text in another way than by its letter. */
export interface Reading {
  /** Whether a state's own events count as part of its full auth chain. */
  readonly statesInChains: boolean;
  /** Whether the auth chain of a power event is followed within the full conflicted set only. */
  readonly chainsWithinSet: boolean;
}

/**
 * State resolution of versions 2 and 12, slowly and in the specification's words: whole auth chains as sets, every
 * order by trying all candidates. Shares only the authorization rules with what it is compared with.
 */
export function literalResolve(input: LiteralInput, states: readonly StateMap[], reading: Reading): StateMap {
  return new LiteralResolution(input, states, reading).resolve();
}

class LiteralResolution {
  readonly input: LiteralInput;
  readonly states: readonly StateMap[];
  readonly reading: Reading;
  readonly chains = new Map<EventId, ReadonlySet<EventId>>();

  constructor(input: LiteralInput, states: readonly StateMap[], reading: Reading) {
    this.input = input;
    this.states = states;
    this.reading = reading;
  }

  resolve(): StateMap {
    const subgraph = this.input.rules.stateResolution === 'v2.1';
    const unconflicted = this.unconflictedStateMap();
    const conflicted = this.conflictedStateSet(unconflicted);
    if (conflicted.size === 0) return unconflicted;
    const full = new Set([
      ...conflicted,
      ...this.authDifference(),
      ...(subgraph ? this.conflictedStateSubgraph(conflicted) : []),
    ]);
    const fullConflictedSet = new Set([...full].filter((id) => this.input.events.has(id)));

    const x = this.powerEventsAndChains(fullConflictedSet);
    const step1 = this.reverseTopologicalPowerOrdering(x);
    const partial = this.iterativeAuthChecks(subgraph ? new Map() : unconflicted, step1);
    const remaining = new Set([...fullConflictedSet].filter((id) => !x.has(id)));
    const step3 = this.mainlineOrdering(partial.get(stateTuple('m.room.power_levels', '')), remaining);
    const result = new Map(this.iterativeAuthChecks(partial, step3));
    for (const [key, id] of unconflicted) result.set(key, id);
    return result;
  }

  event(id: EventId): Pdu {
    const event = this.input.events.get(id);
    if (event === undefined) throw new Error(`no event ${id}`);
    return event;
  }

  unconflictedStateMap(): StateMap {
    const result = new Map<StateTuple, EventId>();
    for (const [key, id] of this.states[0] ?? []) {
      if (this.states.every((state) => state.get(key) === id)) result.set(key, id);
    }
    return result;
  }

  conflictedStateSet(unconflicted: StateMap): Set<EventId> {
    const result = new Set<EventId>();
    for (const state of this.states) for (const [key, id] of state) if (!unconflicted.has(key)) result.add(id);
    return result;
  }

  authChain(id: EventId): ReadonlySet<EventId> {
    const known = this.chains.get(id);
    if (known !== undefined) return known;
    const chain = new Set<EventId>();
    for (const auth of this.input.events.get(id)?.authEvents ?? []) {
      chain.add(auth);
      for (const further of this.authChain(auth)) chain.add(further);
    }
    this.chains.set(id, chain);
    return chain;
  }

  authDifference(): Set<EventId> {
    const chains = this.states.map((state) => {
      const chain = new Set<EventId>();
      for (const id of state.values()) {
        if (this.reading.statesInChains) chain.add(id);
        for (const auth of this.authChain(id)) chain.add(auth);
      }
      return chain;
    });
    const union = new Set(chains.flatMap((chain) => [...chain]));
    return new Set([...union].filter((id) => !chains.every((chain) => chain.has(id))));
  }

  conflictedStateSubgraph(conflicted: ReadonlySet<EventId>): Set<EventId> {
    const result = new Set<EventId>(conflicted);
    for (const from of conflicted) {
      for (const between of this.authChain(from)) {
        if ([...conflicted].some((to) => this.authChain(between).has(to))) result.add(between);
      }
    }
    return result;
  }

  isPowerEvent({ type, stateKey, sender, content }: Pdu): boolean {
    if (type === 'm.room.power_levels' || type === 'm.room.join_rules') return stateKey === '';
    return (
      type === 'm.room.member' &&
      (content.membership === 'leave' || content.membership === 'ban') &&
      sender !== stateKey
    );
  }

  powerEventsAndChains(fullConflictedSet: ReadonlySet<EventId>): Set<EventId> {
    const x = new Set<EventId>();
    const add = (id: EventId): void => {
      if (x.has(id) || !fullConflictedSet.has(id)) return;
      x.add(id);
      for (const auth of this.event(id).authEvents) add(auth);
    };
    for (const id of fullConflictedSet) {
      if (!this.isPowerEvent(this.event(id))) continue;
      add(id);
      if (this.reading.chainsWithinSet) continue;
      for (const auth of this.authChain(id)) if (fullConflictedSet.has(auth)) x.add(auth);
    }
    return x;
  }

  reverseTopologicalPowerOrdering(x: ReadonlySet<EventId>): Pdu[] {
    const comesAfter = (id: EventId): ReadonlySet<EventId> =>
      this.reading.chainsWithinSet ? new Set(this.event(id).authEvents) : this.authChain(id);
    const left = new Set(x);
    const ordered: Pdu[] = [];
    while (left.size > 0) {
      const candidates = [...left]
        .filter((id) => [...comesAfter(id)].every((auth) => !left.has(auth)))
        .map((id) => this.event(id));
      const [smallest] = candidates.sort((a, b) => {
        const [powerA, powerB] = [this.senderPower(a), this.senderPower(b)];
        if (powerA !== powerB) return powerA > powerB ? -1 : 1;
        return a.originServerTs - b.originServerTs || (a.eventId < b.eventId ? -1 : 1);
      });
      if (smallest === undefined) throw new Error('a ring of auth events');
      left.delete(smallest.eventId);
      ordered.push(smallest);
    }
    return ordered;
  }

  senderPower(event: Pdu) {
    const state = (type: string, stateKey: string) => this.authEventOf(event, type, stateKey);
    return userPowerLevel(this.input.rules, state, event.sender);
  }

  authEventOf(event: Pdu, type: string, stateKey: string): Pdu | undefined {
    const implied = this.input.rules.roomIdIsCreateEvent ? [`$${event.roomId.slice(1)}` as EventId] : [];
    return [...event.authEvents, ...implied]
      .map((id) => this.input.events.get(id))
      .find((auth) => auth?.type === type && auth.stateKey === stateKey);
  }

  mainlineOrdering(powerLevels: EventId | undefined, events: ReadonlySet<EventId>): Pdu[] {
    const chainOf = (start: Pdu | undefined): Pdu[] => {
      const next = start && this.authEventOf(start, 'm.room.power_levels', '');
      return next === undefined ? [] : [next, ...chainOf(next)];
    };
    const p0 = powerLevels === undefined ? undefined : this.event(powerLevels);
    const mainline = p0 === undefined ? [] : [p0, ...chainOf(p0)];
    const position = (event: Pdu): number => {
      const first = chainOf(event).find((candidate) => mainline.includes(candidate));
      return first === undefined ? Infinity : mainline.indexOf(first);
    };
    return [...events]
      .map((id) => this.event(id))
      .sort((a, b) => {
        if (position(a) !== position(b)) return position(a) > position(b) ? -1 : 1;
        return a.originServerTs - b.originServerTs || (a.eventId < b.eventId ? -1 : 1);
      });
  }

  iterativeAuthChecks(initial: StateMap, list: readonly Pdu[]): StateMap {
    const state = new Map(initial);
    for (const event of list) {
      const required = new Set(
        [...authEventTuples(this.input.rules, event), ['m.room.create', ''] as const].map(([type, key]) =>
          stateTuple(type, key),
        ),
      );
      const lookUp: AuthState = (type, stateKey) => {
        const key = stateTuple(type, stateKey);
        if (!required.has(key)) throw new Error(`${event.type} does not require ${key}`);
        const inState = state.get(key);
        if (inState !== undefined) return this.event(inState);
        const auth = this.authEventOf(event, type, stateKey);
        return auth === undefined || this.input.isRejected(auth.eventId) ? undefined : auth;
      };
      const allowed = checkAuth(this.input.rules, event, lookUp).ok;
      if (allowed && event.stateKey !== undefined) state.set(stateTuple(event.type, event.stateKey), event.eventId);
    }
    return state;
  }
}
