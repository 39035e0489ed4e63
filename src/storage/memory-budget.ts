interface Held {
  readonly bytes: number;
  readonly forget: () => void;
}

/** What the caches of many objects hold together, in the order in which it was used. */
export class MemoryBudget {
  readonly #limitBytes: number;
  readonly #held = new Map<object, Held>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @param forget drops the entry from its cache when others need the room: not called after {@link release}. */
  take(entry: object, bytes: number, forget: () => void): void {
    this.#held.set(entry, { bytes, forget });
    this.#bytes += bytes;
    for (const [oldest, held] of this.#held) {
      if (this.#bytes <= this.#limitBytes) return;
      this.release(oldest);
      held.forget();
    }
  }

  /** The entry was used just now. */
  touch(entry: object): void {
    const held = this.#held.get(entry);
    if (held === undefined) return;
    this.#held.delete(entry);
    this.#held.set(entry, held);
  }

  release(entry: object): void {
    const held = this.#held.get(entry);
    if (held === undefined) return;
    this.#held.delete(entry);
    this.#bytes -= held.bytes;
  }
}

/**
 * One for the isolate, whose 128 MB its objects share: whatever their number, and however large events are made, their
 * caches have this much. What an object held that was evicted goes as what was used longest ago. Source: contracts,
 * section 9.
 */
export const cacheBudget = new MemoryBudget(32 * 1024 * 1024);
