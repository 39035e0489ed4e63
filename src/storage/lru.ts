import type { MemoryBudget, Taken } from './memory-budget.ts';
import { UseOrder, type Use } from './use-order.ts';

interface Entry<Key, Value> {
  readonly key: Key;
  readonly value: Value;
  taken: Use<Taken> | undefined;
}

/** A map that forgets what was used longest ago. */
export class LRU<Key, Value> {
  readonly #entries = new Map<Key, Use<Entry<Key, Value>>>();
  readonly #order = new UseOrder<Entry<Key, Value>>();
  readonly #capacity: number;
  readonly #budget: MemoryBudget | undefined;

  /** @param budget also bounds, together with other maps, what is set with its size. */
  constructor(capacity: number, budget?: MemoryBudget) {
    this.#capacity = capacity;
    this.#budget = budget;
  }

  get(key: Key): Value | undefined {
    const use = this.#entries.get(key);
    if (use === undefined) return undefined;
    this.#order.renew(use);
    if (use.of.taken !== undefined) this.#budget?.touch(use.of.taken);
    return use.of.value;
  }

  /** @param bytes what the value takes in memory, about. */
  set(key: Key, value: Value, bytes = 0): void {
    this.delete(key);
    const use = this.#order.add({ key, value, taken: undefined });
    this.#entries.set(key, use);
    use.of.taken = this.#budget?.take(bytes, () => this.#drop(use));
    const { oldest } = this.#order;
    if (this.#entries.size > this.#capacity && oldest !== undefined) this.delete(oldest.of.key);
  }

  delete(key: Key): void {
    const use = this.#entries.get(key);
    if (use === undefined) return;
    this.#drop(use);
    if (use.of.taken !== undefined) this.#budget?.release(use.of.taken);
  }

  clear(): void {
    for (const { of } of this.#entries.values()) if (of.taken !== undefined) this.#budget?.release(of.taken);
    this.#entries.clear();
    this.#order.clear();
  }

  #drop(use: Use<Entry<Key, Value>>): void {
    this.#entries.delete(use.of.key);
    this.#order.remove(use);
  }
}
