import { UseOrder, type Use } from './use-order.ts';

/** What one entry of a cache takes of a {@link MemoryBudget}. */
export interface Taken {
  readonly bytes: number;
  readonly forget: () => void;
}

/** What the caches of many objects hold together, in the order in which it was used. */
export class MemoryBudget {
  readonly #limitBytes: number;
  readonly #order = new UseOrder<Taken>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @param forget drops the entry from its cache when others need the room: not called after {@link release}, and at once
   * where the entry alone is larger than the budget.
   */
  take(bytes: number, forget: () => void): Use<Taken> {
    const use = this.#order.add({ bytes, forget });
    this.#bytes += bytes;
    for (
      let { oldest } = this.#order;
      oldest !== undefined && this.#bytes > this.#limitBytes;
      { oldest } = this.#order
    ) {
      this.release(oldest);
      oldest.of.forget();
    }
    return use;
  }

  /** The entry was used just now. @param use is neither released nor forgotten. */
  touch(use: Use<Taken>): void {
    this.#order.renew(use);
  }

  /** @param use is neither released nor forgotten. */
  release(use: Use<Taken>): void {
    this.#order.remove(use);
    this.#bytes -= use.of.bytes;
  }
}

/**
 * One for the isolate, whose 128 MB its objects share: whatever their number, and however large events are made, their
 * caches have this much. What an object held that was evicted goes as what was used longest ago. Source: contracts,
 * section 9.
 */
export const cacheBudget = new MemoryBudget(32 * 1024 * 1024);
