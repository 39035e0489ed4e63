import type { PduSource } from '../event/pdu.ts';
import type { StateTuple } from '../event/state-map.ts';
import type { EventId } from '../ids/brands.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { WorkBudget } from './work-budget.ts';

/** One of the states to resolve, as its difference from the base that all of them share. */
export interface StateDelta {
  /** What this state holds where it may differ from the base. `undefined`: it does not have the key. */
  readonly changes: ReadonlyMap<StateTuple, EventId | undefined>;
}

/** Reads the base: which event it holds under a key, if any. */
export type BaseState = (tuple: StateTuple) => EventId | undefined;

/** What a resolution asks about the graph of auth events beside its edges, which `events` has. */
export interface AuthChainIndex {
  /**
   * The local auth height: 0 for an event without auth events, else 1 + the largest height of its auth events; an auth
   * event that is not at hand counts as none.
   * @returns the height, or `undefined` for an event that is not at hand. An event must stand higher than each of its
   * auth events: walks stop where the heights tell that nothing below can matter.
   */
  height(id: EventId): number | undefined;
  /**
   * Which of `ids` the part of the base that no state changes leads to.
   * @param touched the keys that some state may change; what the base holds under them does not count.
   * @param work is asked once for each node that is visited.
   * @returns those of `ids` that the base holds under another key, or that are in the auth chain of an event which it
   * holds under another key. Incomplete once `work` is exhausted.
   */
  reachableFromBase(
    ids: ReadonlySet<EventId>,
    touched: { has(tuple: StateTuple): boolean },
    work: WorkBudget,
  ): ReadonlySet<EventId>;
}

/** The states to resolve, and what is needed to resolve them. Everything answers synchronously. */
export interface ResolveInput {
  readonly rules: RoomVersionRules;
  /** The state that all sets share where their deltas say nothing. */
  readonly base: BaseState;
  /** Any number, in any order: the order does not matter. */
  readonly sets: readonly StateDelta[];
  /**
   * The events of every key that a set changes, their auth chains as far as they are walked, and what the base holds
   * under the keys that authorize them. An auth event that is not at hand is passed over, with what only it leads to;
   * an event to which a state points and which is not at hand makes the events that need it fail their check.
   */
  readonly events: PduSource;
  /** Whether an event was rejected: such a one authorizes nothing as an auth event. */
  readonly isRejected: (id: EventId) => boolean;
  readonly authChain: AuthChainIndex;
  /** How many graph nodes may be visited before the answer is `too-much-work`; 200,000 if left out. */
  readonly maxVisited?: number;
}

/** The resolved value of every key in which the result may differ from the base; `undefined`: the key is absent. */
export type ResolvedDelta = ReadonlyMap<StateTuple, EventId | undefined>;
