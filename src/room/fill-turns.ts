/** One that takes longer has died, or is as good as dead. */
const HELD_MS = 15_000;
/** Who has not got its turn by then does without. */
const WAIT_MS = 8_000;

interface Waiting {
  readonly holder: string;
  readonly settle: (isGranted: boolean) => void;
}

/**
 * One gap is filled at a time (contracts, section 4.2): two who pull the same history at once would each decide a part of
 * it, and tell it in another order than the room's. In memory: whoever holds the turn of an object that is gone goes on
 * without harm.
 */
export class FillTurns {
  readonly #after: (delayMs: number, work: () => void) => () => void;
  #held: { readonly holder: string; readonly cancel: () => void } | undefined;
  #waiting: Waiting[] = [];

  constructor(after: (delayMs: number, work: () => void) => () => void) {
    this.#after = after;
  }

  /** @returns whether the turn is the holder's, after a wait that ends. */
  begin(holder: string): Promise<boolean> {
    if (this.#held === undefined) {
      this.#grant(holder);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const cancel = this.#after(WAIT_MS, () => {
        this.#waiting = this.#waiting.filter((other) => other.holder !== holder);
        resolve(false);
      });
      const settle = (isGranted: boolean) => {
        cancel();
        resolve(isGranted);
      };
      this.#waiting.push({ holder, settle });
    });
  }

  /** Ends the holder's turn; another's is left alone. */
  end(holder: string): void {
    if (this.#held?.holder !== holder) return;
    this.#held.cancel();
    this.#held = undefined;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#grant(next.holder);
    next.settle(true);
  }

  #grant(holder: string): void {
    this.#held = { holder, cancel: this.#after(HELD_MS, () => this.end(holder)) };
  }
}
