/** A priority queue: `pop` gives the smallest of what was pushed. Equal items come out in any order. */
export class BinaryHeap<T> {
  readonly #items: T[] = [];
  readonly #isLess: (a: T, b: T) => boolean;

  constructor(isLess: (a: T, b: T) => boolean) {
    this.#isLess = isLess;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let index = items.length;
    items.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = items[parent] as T;
      if (!this.#isLess(item, above)) break;
      items[index] = above;
      index = parent;
    }
    items[index] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (items.length > 0) this.#sink(last as T);
    return top;
  }

  /** Puts an item into the empty place at the top, then where it belongs. */
  #sink(item: T): void {
    const items = this.#items;
    const size = items.length;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isLess(items[child + 1] as T, items[child] as T)) child += 1;
      const below = items[child] as T;
      if (!this.#isLess(below, item)) break;
      items[index] = below;
      index = child;
    }
    items[index] = item;
  }
}
