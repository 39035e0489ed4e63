/** A thing's place in a {@link UseOrder}. */
export interface Use<T> {
  readonly of: T;
  before: Use<T> | undefined;
  after: Use<T> | undefined;
}

/**
 * Things in the order in which they were used. Whatever is done with it takes the same time, however many they are: a
 * `Map` goes over the places of all that were deleted since it last made room, to come to its first entry.
 */
export class UseOrder<T> {
  #oldest: Use<T> | undefined;
  #newest: Use<T> | undefined;

  /** What was used longest ago. */
  get oldest(): Use<T> | undefined {
    return this.#oldest;
  }

  add(of: T): Use<T> {
    const use = { of, before: undefined, after: undefined };
    this.#append(use);
    return use;
  }

  /** It was used just now. */
  renew(use: Use<T>): void {
    if (use === this.#newest) return;
    this.remove(use);
    this.#append(use);
  }

  /** @param use is in the order. */
  remove(use: Use<T>): void {
    const { before, after } = use;
    if (before === undefined) this.#oldest = after;
    else before.after = after;
    if (after === undefined) this.#newest = before;
    else after.before = before;
  }

  clear(): void {
    this.#oldest = undefined;
    this.#newest = undefined;
  }

  #append(use: Use<T>): void {
    use.before = this.#newest;
    use.after = undefined;
    if (this.#newest === undefined) this.#oldest = use;
    else this.#newest.after = use;
    this.#newest = use;
  }
}
