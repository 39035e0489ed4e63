import type { Miniflare } from 'miniflare';

/** Times that workerd may die while it starts before we give up. */
const MAX_REVIVALS = 10;

/**
 * A Miniflare that does not give up. By itself it starts a workerd that died again, once: where that one dies too before
 * it is ready, it has to be made anew.
 */
export class LastingMiniflare {
  readonly #make: () => Miniflare;
  readonly #onRevived: () => void;
  readonly #onLost: () => void;
  #instance: Miniflare;
  #isWatched = false;
  #revival: Promise<void> | undefined;

  constructor(options: { make: () => Miniflare; onRevived: () => void; onLost: () => void }) {
    this.#make = options.make;
    this.#onRevived = options.onRevived;
    this.#onLost = options.onLost;
    this.#instance = this.#make();
  }

  /** The first start. Rejects when it fails: the reason is another than a workerd that was killed. */
  async ready(): Promise<void> {
    await this.#instance.ready;
    this.#isWatched = true;
  }

  /** The one that runs, when it does. */
  async running(): Promise<Miniflare> {
    await this.#revival;
    return this.#instance;
  }

  /** It has logged an error: it may have given up. */
  async look(): Promise<void> {
    if (!this.#isWatched || this.#revival !== undefined) return;
    this.#revival = this.#revive();
    await this.#revival;
    this.#revival = undefined;
  }

  async dispose(): Promise<void> {
    this.#isWatched = false;
    await this.#instance.dispose();
  }

  async #revive(): Promise<void> {
    for (let attempt = 0; attempt <= MAX_REVIVALS; attempt += 1) {
      try {
        await this.#instance.ready;
        if (attempt > 0) this.#onRevived();
        return;
      } catch {
        await this.#instance.dispose().catch(() => {}); // it may be half made
        if (!this.#isWatched) return;
        this.#instance = this.#make();
      }
    }
    this.#onLost();
  }
}
