/** The rows of these events. */
export function rowSetOf(events: Iterable<{ readonly row: number }>): RowSet {
  const rows = new RowSet();
  for (const { row } of events) rows.add(row);
  return rows;
}

/** A set of row numbers, one bit each: the auth chain of a room of a million events takes 125 KB. */
export class RowSet {
  #bits = new Uint8Array(1_024);

  /** @returns whether it was not in the set yet. */
  add(row: number): boolean {
    const at = Math.floor(row / 8);
    if (at >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(this.#bits.length * 2, at + 1));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    const byte = this.#bits[at] ?? 0;
    const bit = 1 << (row % 8);
    this.#bits[at] = byte | bit;
    return (byte & bit) === 0;
  }

  union(other: RowSet): RowSet {
    const both = this.copy();
    for (const row of other.values()) both.add(row);
    return both;
  }

  copy(): RowSet {
    const copied = new RowSet();
    copied.#bits = this.#bits.slice();
    return copied;
  }

  /** Lowest first. */
  *values(): Generator<number, void> {
    for (const [at, byte] of this.#bits.entries()) {
      for (let rest = byte, row = at * 8; rest !== 0; rest >>= 1, row += 1) if ((rest & 1) === 1) yield row;
    }
  }
}
