import type { PduSource } from '../event/pdu.ts';
import type { StateMap, StateTuple } from '../event/state-map.ts';
import type { EventId } from '../ids/brands.ts';
import { BinaryHeap } from './binary-heap.ts';
import type { AuthChainIndex } from './resolve-input.ts';
import type { WorkBudget } from './work-budget.ts';

/**
 * Looks from a base that is at hand as a whole: walks down from its events, no further than to the height of what is
 * asked for. Reads every key of the base once per resolution; {@link authChainByChildren} does not.
 */
export function authChainFromBase(base: StateMap, events: PduSource, height: AuthChainIndex['height']): AuthChainIndex {
  let walk: WalkDown | undefined;
  return {
    height,
    reachableFromBase(ids, touched, work) {
      if (walk?.touched !== touched) walk = new WalkDown(base, events, height, touched);
      return walk.reachable(ids, work);
    },
  };
}

class WalkDown {
  readonly touched: { has(tuple: StateTuple): boolean };
  readonly #events: PduSource;
  readonly #height: AuthChainIndex['height'];
  readonly #seen = new Set<EventId>();
  /** What was seen and not left yet, highest first. */
  readonly #queue = new BinaryHeap<{ readonly id: EventId; readonly height: number }>((a, b) => a.height > b.height);

  constructor(
    base: StateMap,
    events: PduSource,
    height: AuthChainIndex['height'],
    touched: { has(tuple: StateTuple): boolean },
  ) {
    this.touched = touched;
    this.#events = events;
    this.#height = height;
    for (const [tuple, id] of base) if (!touched.has(tuple)) this.#see(id);
  }

  reachable(ids: ReadonlySet<EventId>, work: WorkBudget): ReadonlySet<EventId> {
    let lowest = Infinity;
    for (const id of ids) lowest = Math.min(lowest, this.#height(id) ?? -1);
    for (let top = this.#queue.peek(); top !== undefined && top.height > lowest; top = this.#queue.peek()) {
      if (!work.spend()) break;
      this.#queue.pop();
      for (const auth of this.#events(top.id)?.authEvents ?? []) this.#see(auth);
    }
    return new Set(Array.from(ids).filter((id) => this.#seen.has(id)));
  }

  #see(id: EventId): void {
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    this.#queue.push({ id, height: this.#height(id) ?? -1 });
  }
}
