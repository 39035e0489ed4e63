/** Calls that begin in one macrotask where `FEW` are under way already. */
const AT_ONCE = 4;
const FEW = 16;

/** Calls of strangers that came to nothing, less those that did not; from the half of it on the others go slowly. */
const MOST_IN_VAIN = 16;
/** So slowly: one after each pause, unless the thread had no time to end it by then. */
const SLOW_MS = 50;
const LATE_MS = 10;
/** Pauses that may be too long before a call begins all the same. */
const MOST_LATE = 1;

/**
 * Calls that wait for their turn: at most `limit` run at once, first come first served. One that takes longer than
 * `patienceMs` goes on without counting, so that those who do not answer keep nobody waiting for long. Where many are
 * under way, only a few more begin in one macrotask: where rooms, shards and destinations share a thread (the embedded
 * server), a room that called a thousand others in one go would let nobody else be served meanwhile.
 *
 * A call that comes to nothing costs that thread more than one that is answered. So strangers, of whom nobody knows that
 * they are there, begin one by one and when the thread has nothing else to do, where most before them were not.
 */
export class CallLine<T> {
  readonly #limit: number;
  readonly #patienceMs: number;
  readonly #later: (run: () => void, delayMs: number) => void;
  readonly #now: () => number;
  readonly #call: (item: T) => Promise<boolean>;
  readonly #waiting = new Set<T>();
  readonly #strangers = new Set<T>();
  /** Calls that count. */
  readonly #running = new Set<object>();
  #isWatching = false;
  /** Calls since the last pause, while many are under way. */
  #begun = 0;
  #inVain = 0;
  #isCreeping = false;
  /** Pauses that were too long, since the last call of a stranger. */
  #late = 0;

  /** @param options.call must not reject. Resolves to whether somebody was there. */
  constructor(options: {
    readonly limit: number;
    readonly patienceMs: number;
    readonly later: (run: () => void, delayMs: number) => void;
    readonly now: () => number;
    readonly call: (item: T) => Promise<boolean>;
  }) {
    this.#limit = options.limit;
    this.#patienceMs = options.patienceMs;
    this.#later = options.later;
    this.#now = options.now;
    this.#call = options.call;
  }

  /** Calls at once, or when it is its turn. */
  add(item: T, isStranger = false): void {
    (isStranger ? this.#strangers : this.#waiting).add(item);
    this.#advance();
  }

  #advance(): void {
    for (const item of this.#waiting) {
      if (!this.#mayBegin()) return;
      this.#waiting.delete(item);
      void this.#run(item);
    }
    for (const item of this.#strangers) {
      if (this.#inVain >= MOST_IN_VAIN / 2) {
        this.#creep();
        return;
      }
      if (!this.#mayBegin()) return;
      this.#strangers.delete(item);
      void this.#runStranger(item);
    }
  }

  #mayBegin(): boolean {
    if (this.#running.size >= this.#limit) {
      this.#watch();
      return false;
    }
    if (this.#begun === AT_ONCE) return false;
    if (this.#running.size >= FEW) {
      this.#begun += 1;
      if (this.#begun === AT_ONCE) this.#pause();
    }
    return true;
  }

  #pause(): void {
    this.#later(() => {
      this.#begun = 0;
      this.#advance();
    }, 0);
  }

  /** Begins a stranger's call after a pause. */
  #creep(): void {
    if (this.#isCreeping) return;
    this.#isCreeping = true;
    const end = this.#now() + SLOW_MS;
    this.#later(() => {
      this.#isCreeping = false;
      const isLate = this.#now() - end > LATE_MS && this.#late < MOST_LATE;
      this.#late = isLate ? this.#late + 1 : 0;
      const [item] = this.#strangers;
      if (!isLate && item !== undefined && this.#mayBegin()) {
        this.#strangers.delete(item);
        void this.#runStranger(item);
      }
      this.#advance();
    }, SLOW_MS);
  }

  async #runStranger(item: T): Promise<void> {
    const isThere = await this.#run(item);
    this.#inVain = isThere ? Math.max(this.#inVain - 1, 0) : Math.min(this.#inVain + 1, MOST_IN_VAIN);
    this.#advance();
  }

  async #run(item: T): Promise<boolean> {
    const token = {};
    this.#running.add(token);
    try {
      return await this.#call(item);
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
