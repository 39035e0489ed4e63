import type { MemoryBudget } from './memory-budget.ts';

interface Entry<Value> {
  readonly value: Value;
}

/** A map that forgets what was used longest ago. */
export class LRU<Key, Value> {
  readonly #entries = new Map<Key, Entry<Value>>();
  readonly #capacity: number;
  readonly #budget: MemoryBudget | undefined;

  /** @param budget also bounds, together with other maps, what is set with its size. */
  constructor(capacity: number, budget?: MemoryBudget) {
    this.#capacity = capacity;
    this.#budget = budget;
  }

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#budget?.touch(entry);
    return entry.value;
  }

  /** @param bytes what the value takes in memory, about. */
  set(key: Key, value: Value, bytes = 0): void {
    this.delete(key);
    const entry = { value };
    this.#entries.set(key, entry);
    this.#budget?.take(entry, bytes, () => this.#entries.delete(key));
    if (this.#entries.size <= this.#capacity) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.delete(oldest.value);
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#budget?.release(entry);
  }

  clear(): void {
    for (const entry of this.#entries.values()) this.#budget?.release(entry);
    this.#entries.clear();
  }
}
