/** Calls that begin in one macrotask where `FEW` are under way already. */
const AT_ONCE = 4;
const FEW = 16;

/**
 * Calls that wait for their turn: at most `limit` run at once, first come first served. One that takes longer than
 * `patienceMs` goes on without counting, so that those who do not answer keep nobody waiting for long. Where many are
 * under way, only a few more begin in one macrotask: where rooms, shards and destinations share a thread (the embedded
 * server), a room that called a thousand others in one go would let nobody else be served meanwhile.
 */
export class CallLine<T> {
  readonly #limit: number;
  readonly #patienceMs: number;
  readonly #later: (run: () => void, delayMs: number) => void;
  readonly #call: (item: T) => Promise<void>;
  readonly #waiting = new Set<T>();
  /** Calls that count. */
  readonly #running = new Set<object>();
  #isWatching = false;
  /** Calls since the last pause, while many are under way. */
  #begun = 0;

  /** @param options.call must not reject. */
  constructor(options: {
    readonly limit: number;
    readonly patienceMs: number;
    readonly later: (run: () => void, delayMs: number) => void;
    readonly call: (item: T) => Promise<void>;
  }) {
    this.#limit = options.limit;
    this.#patienceMs = options.patienceMs;
    this.#later = options.later;
    this.#call = options.call;
  }

  /** Calls at once, or when it is its turn. */
  add(item: T): void {
    this.#waiting.add(item);
    this.#advance();
  }

  #advance(): void {
    for (const item of this.#waiting) {
      if (this.#running.size >= this.#limit) {
        this.#watch();
        return;
      }
      if (this.#begun === AT_ONCE) return;
      if (this.#running.size >= FEW) {
        this.#begun += 1;
        if (this.#begun === AT_ONCE) this.#pause();
      }
      this.#waiting.delete(item);
      void this.#run(item);
    }
  }

  #pause(): void {
    this.#later(() => {
      this.#begun = 0;
      this.#advance();
    }, 0);
  }

  async #run(item: T): Promise<void> {
    const token = {};
    this.#running.add(token);
    try {
      await this.#call(item);
    } finally {
      if (this.#running.delete(token)) this.#advance();
    }
  }

  /** While somebody waits: those who are called now count for so long. */
  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const called = [...this.#running];
    this.#later(() => {
      this.#isWatching = false;
      for (const token of called) this.#running.delete(token);
      this.#advance();
    }, this.#patienceMs);
  }
}
