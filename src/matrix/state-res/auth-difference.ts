import { stateTuple } from '../event/state-map.ts';
import type { EventId } from '../ids/brands.ts';
import { BinaryHeap } from './binary-heap.ts';
import type { ResolveInput } from './resolve-input.ts';
import type { SplitState } from './split-conflicted.ts';
import type { WorkBudget } from './work-budget.ts';

type Input = Pick<ResolveInput, 'base' | 'sets' | 'events' | 'authChain'>;

/**
 * The auth difference: the events that are in the full auth chain of some sets but not of all.
 *
 * The walk goes down from the events of the changed keys, highest auth height first, so that by the time an event is
 * reached it is known which sets reach it. It ends when all sets agree on everything that is still to come, and does
 * not go below an event that the unchanged part of the base leads to: what is below that, all sets reach.
 *
 * NOTSPEC: a state's own events count as part of its full auth chain. Taken by the letter, an unconflicted event that
 * authorizes a conflicted one, and that no other state event cites, is in the difference and is replayed. The
 * homeservers in use leave it out, and servers that replayed other events than these would resolve to another state.
 *
 * @returns the events of the difference that are not in the conflicted state set, whether or not they are at hand; any
 * order. Incomplete once `work` is exhausted. Source: Room Version 2, "Auth difference".
 */
export function authDifference(input: Input, split: SplitState, work: WorkBudget): Set<EventId> {
  return new DifferenceWalk(input, split, work).run();
}

class DifferenceWalk {
  readonly #input: Input;
  readonly #split: SplitState;
  readonly #work: WorkBudget;
  /** One bit for each set. */
  readonly #all: bigint;
  /** Which sets reach an event. Final when the event leaves the queue. */
  readonly #reachedBy = new Map<EventId, bigint>();
  readonly #queue: BinaryHeap<{ readonly id: EventId; readonly height: number }>;
  readonly #conflictedIds = new Set<EventId>();
  /** How many events in the queue only some sets reach. */
  #disputed = 0;

  constructor(input: Input, split: SplitState, work: WorkBudget) {
    this.#input = input;
    this.#split = split;
    this.#work = work;
    this.#all = (1n << BigInt(input.sets.length)) - 1n;
    this.#queue = new BinaryHeap((a, b) => a.height > b.height);
  }

  run(): Set<EventId> {
    this.#start();
    const difference = new Set<EventId>();
    while (this.#disputed > 0) {
      const level = this.#popLevel();
      const disputed = level.filter((id) => this.#reachedBy.get(id) !== this.#all);
      this.#disputed -= disputed.length;
      const inBase = this.#reachableFromBase(disputed);
      for (const id of level) {
        if (inBase.has(id)) continue;
        const sets = this.#reachedBy.get(id) ?? 0n;
        if (sets !== this.#all && !this.#conflictedIds.has(id)) difference.add(id);
        if (!this.#descend(id, sets)) return difference;
      }
    }
    return difference;
  }

  #start(): void {
    const { unconflicted, conflicted } = this.#split;
    for (const id of unconflicted.values()) if (id !== undefined) this.#reach(id, this.#all);
    for (const values of conflicted.values()) {
      for (const [index, id] of values.entries()) {
        if (id === undefined) continue;
        this.#conflictedIds.add(id);
        this.#reach(id, 1n << BigInt(index));
      }
    }
  }

  #reach(id: EventId, sets: bigint): void {
    const before = this.#reachedBy.get(id);
    const after = (before ?? 0n) | sets;
    if (after === before) return;
    this.#reachedBy.set(id, after);
    if (before === undefined) {
      this.#queue.push({ id, height: this.#input.authChain.height(id) ?? -1 });
      if (after !== this.#all) this.#disputed += 1;
    } else if (after === this.#all) {
      this.#disputed -= 1;
    }
  }

  /** Takes all events of the largest height: none of them can reach another. */
  #popLevel(): EventId[] {
    const level: EventId[] = [];
    const highest = this.#queue.peek();
    for (let top = highest; top !== undefined && top.height === highest?.height; top = this.#queue.peek()) {
      level.push(top.id);
      this.#queue.pop();
    }
    return level;
  }

  /** Which of these the unchanged part of the base leads to. Conflicted events are not asked about: they stay anyway. */
  #reachableFromBase(ids: readonly EventId[]): Set<EventId> {
    const reachable = new Set<EventId>();
    const unknown = new Set<EventId>();
    for (const id of ids) {
      if (this.#conflictedIds.has(id)) continue;
      if (this.#isInBase(id)) reachable.add(id);
      else unknown.add(id);
    }
    if (unknown.size === 0) return reachable;
    const found = this.#input.authChain.reachableFromBase(unknown, this.#split.touched, this.#work);
    for (const id of found) reachable.add(id);
    return reachable;
  }

  #isInBase(id: EventId): boolean {
    const event = this.#input.events(id);
    if (event?.stateKey === undefined) return false;
    const tuple = stateTuple(event.type, event.stateKey);
    return !this.#split.touched.has(tuple) && this.#input.base(tuple) === id;
  }

  /** @returns false if there was too much work. */
  #descend(id: EventId, sets: bigint): boolean {
    if (!this.#work.spend()) return false;
    if (sets === this.#all && this.#isInBase(id)) return true;
    for (const auth of this.#input.events(id)?.authEvents ?? []) this.#reach(auth, sets);
    return true;
  }
}
