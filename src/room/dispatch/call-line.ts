/** Calls that wait for their turn: at most `limit` run at once, first come first served. */
export class CallLine<T> {
  readonly #limit: number;
  readonly #take: (waiting: T[]) => readonly T[];
  readonly #call: (taken: readonly T[]) => Promise<void>;
  readonly #waiting: T[] = [];
  #running = 0;

  /**
   * @param options.take removes from those that wait what goes into the next call: at least one.
   * @param options.call must not reject.
   */
  constructor(options: {
    readonly limit: number;
    readonly take: (waiting: T[]) => readonly T[];
    readonly call: (taken: readonly T[]) => Promise<void>;
  }) {
    this.#limit = options.limit;
    this.#take = options.take;
    this.#call = options.call;
  }

  /** Lines up for a call. Nothing runs before {@link advance}, so that what is added together can go together. */
  add(item: T): void {
    this.#waiting.push(item);
  }

  /** Starts as many calls as may run. */
  advance(): void {
    while (this.#running < this.#limit && this.#waiting.length > 0) {
      this.#running += 1;
      void this.#run(this.#take(this.#waiting));
    }
  }

  async #run(taken: readonly T[]): Promise<void> {
    try {
      await this.#call(taken);
    } finally {
      this.#running -= 1;
      this.advance();
    }
  }
}
