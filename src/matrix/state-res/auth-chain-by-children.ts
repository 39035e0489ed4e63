import type { PduSource } from '../event/pdu.ts';
import { stateTuple, type StateTuple } from '../event/state-map.ts';
import type { EventId } from '../ids/brands.ts';
import type { AuthChainIndex, BaseState } from './resolve-input.ts';
import type { WorkBudget } from './work-budget.ts';

/** The graph of auth events in both directions, as a room stores it. */
export interface AuthGraph {
  readonly events: PduSource;
  /** As {@link AuthChainIndex.height} has it. */
  height(id: EventId): number | undefined;
  /** The state events that name `id` in their `auth_events`; any order, read only as far as needed. */
  authChildren(id: EventId): Iterable<EventId>;
}

/**
 * Looks from what is asked for: walks up until it meets an event that the base holds. What the base leads to meets one
 * soon, since most of a room's state cites it; what it does not lead to has only the events of its own branches above
 * it. So the work does not depend on the size of the room.
 */
export function authChainByChildren(base: BaseState, graph: AuthGraph): AuthChainIndex {
  let walk: WalkUp | undefined;
  return {
    height: (id) => graph.height(id),
    reachableFromBase(ids, touched, work) {
      if (walk?.touched !== touched) walk = new WalkUp(base, graph, touched);
      return walk.reachable(ids, work);
    },
  };
}

class WalkUp {
  readonly touched: { has(tuple: StateTuple): boolean };
  readonly #base: BaseState;
  readonly #graph: AuthGraph;
  /** What is known of the events that were met. */
  readonly #leadsToBase = new Map<EventId, boolean>();

  constructor(base: BaseState, graph: AuthGraph, touched: { has(tuple: StateTuple): boolean }) {
    this.touched = touched;
    this.#base = base;
    this.#graph = graph;
  }

  reachable(ids: ReadonlySet<EventId>, work: WorkBudget): ReadonlySet<EventId> {
    const found = new Set<EventId>();
    for (const id of ids) if (this.#search(id, work)) found.add(id);
    return found;
  }

  #search(start: EventId, work: WorkBudget): boolean {
    const path: { readonly id: EventId; readonly children: Iterator<EventId> }[] = [];
    const enter = (id: EventId): boolean => {
      const known = this.#leadsToBase.get(id) ?? this.#isInBase(id);
      this.#leadsToBase.set(id, known);
      if (!known) path.push({ id, children: this.#graph.authChildren(id)[Symbol.iterator]() });
      return known;
    };
    const known = this.#leadsToBase.get(start);
    if (known !== undefined) return known;
    if (enter(start)) return true;
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { value: child, done } = top.children.next();
      if (done === true) {
        path.pop();
        continue;
      }
      if (this.#leadsToBase.get(child) === false) continue;
      if (!work.spend()) return false;
      if (!enter(child)) continue;
      for (const { id } of path) this.#leadsToBase.set(id, true);
      return true;
    }
    return false;
  }

  #isInBase(id: EventId): boolean {
    const event = this.#graph.events(id);
    if (event?.stateKey === undefined) return false;
    const tuple = stateTuple(event.type, event.stateKey);
    return !this.touched.has(tuple) && this.#base(tuple) === id;
  }
}
