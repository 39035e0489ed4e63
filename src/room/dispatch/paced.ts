/**
 * Runs `work` at once where nothing was asked for lately, and otherwise once at the end of the pause, however often it
 * was asked for meanwhile.
 */
export class Paced {
  readonly #work: () => void;
  readonly #pauseMs: number;
  readonly #later: (run: () => void, delayMs: number) => void;
  #isPausing = false;
  #isOwed = false;

  constructor(options: {
    readonly work: () => void;
    readonly pauseMs: number;
    readonly later: (run: () => void, delayMs: number) => void;
  }) {
    this.#work = options.work;
    this.#pauseMs = options.pauseMs;
    this.#later = options.later;
  }

  ask(): void {
    if (this.#isPausing) this.#isOwed = true;
    else this.#run();
  }

  #run(): void {
    this.#isOwed = false;
    this.#isPausing = true;
    this.#later(() => {
      this.#isPausing = false;
      if (this.#isOwed) this.#run();
    }, this.#pauseMs);
    this.#work();
  }
}
