const MAX_KEPT = 10_000;

/** Answers that stand for a while; of too many the oldest is forgotten first. In memory: what is lost is asked again. */
export class Remembered<T> {
  readonly #kept = new Map<string, { readonly value: T; readonly until: number }>();

  /** @returns what stands still; its value may be `undefined`. */
  get(key: string, now: number): { readonly value: T } | undefined {
    const held = this.#kept.get(key);
    return held !== undefined && now < held.until ? held : undefined;
  }

  put(key: string, value: T, until: number): void {
    this.#kept.delete(key);
    this.#kept.set(key, { value, until });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}
