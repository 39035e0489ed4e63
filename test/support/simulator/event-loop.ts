import { setImmediate } from 'node:timers';

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * Virtual time. Whatever waits in a simulated world waits here; tasks run one by one in the order of their times, each
 * until nothing of it can go on without time passing.
 */
export class EventLoop {
  /** Milliseconds since the epoch. */
  now = 1_700_000_000_000;
  readonly #tasks: Task[] = [];
  #order = 0;
  /** What a task threw: it ends the run. */
  #fault: unknown;

  schedule(delayMs: number, run: () => void): void {
    const task = { at: this.now + delayMs, order: (this.#order += 1), run };
    let low = 0;
    let high = this.#tasks.length;
    // The earliest stands last.
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#tasks[middle];
      if (other !== undefined && (other.at > task.at || (other.at === task.at && other.order > task.order)))
        low = middle + 1;
      else high = middle;
    }
    this.#tasks.splice(low, 0, task);
  }

  after(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.schedule(delayMs, resolve);
    });
  }

  /** Starts work that nobody waits for; a throw of it ends the run. */
  start(work: () => Promise<unknown>): void {
    work().catch((error: unknown) => {
      this.#fault ??= error;
    });
  }

  /** Runs what is due until a time. */
  async runUntil(at: number): Promise<void> {
    await this.#settle();
    for (let task = this.#tasks.at(-1); task !== undefined && task.at <= at; task = this.#tasks.at(-1)) {
      this.#tasks.pop();
      this.now = Math.max(this.now, task.at);
      task.run();
      await this.#settle();
    }
    this.now = Math.max(this.now, at);
  }

  /** Runs until a condition holds; throws when it does not within a time. */
  async runUntilTrue(condition: () => boolean, withinMs: number, what: string): Promise<void> {
    const deadline = this.now + withinMs;
    for (;;) {
      await this.#settle();
      if (condition()) return;
      const task = this.#tasks.at(-1);
      if (task === undefined || task.at > deadline) throw new Error(`did not happen: ${what}`);
      this.#tasks.pop();
      this.now = Math.max(this.now, task.at);
      task.run();
    }
  }

  /** Lets every promise that can go on go on. */
  async #settle(): Promise<void> {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    if (this.#fault !== undefined) throw this.#fault;
  }
}
