/** A row of a queue that leaves from its front. */
export interface QueueRow extends Record<string, SqlStorageValue> {
  readonly seq: number;
  /** How many rows the queue has had up to this one, and how many bytes. */
  readonly count: number;
  readonly bytes: number;
}

export interface QueueBounds {
  readonly rows: number;
  readonly bytes: number;
}

/** What comes behind the last row of a queue, or first into one that is empty. */
export const behind = (last: QueueRow | undefined, text: string): Pick<QueueRow, 'count' | 'bytes'> => ({
  count: (last?.count ?? 0) + 1,
  bytes: (last?.bytes ?? 0) + Buffer.byteLength(text),
});

/**
 * Removes the oldest rows of a queue that has too many, but never the newest.
 * @param remove a row, with all before it.
 * @returns how many went.
 */
export function removeOldest(
  newest: QueueRow,
  bounds: QueueBounds,
  { first, remove }: { readonly first: () => QueueRow | undefined; readonly remove: (upTo: number) => void },
): number {
  let removed = 0;
  for (let row = first(); row !== undefined && row.seq < newest.seq; row = first()) {
    if (row.count > newest.count - bounds.rows && row.bytes > newest.bytes - bounds.bytes) break;
    remove(row.seq);
    removed += 1;
  }
  return removed;
}

/** The first rows that have at most `maxBytes` together, but one where there is one. */
export function firstWithin<T>(rows: Iterable<T>, maxBytes: number, textOf: (row: T) => string): readonly T[] {
  const taken: T[] = [];
  let left = maxBytes;
  for (const row of rows) {
    left -= Buffer.byteLength(textOf(row));
    if (left < 0 && taken.length > 0) break;
    taken.push(row);
  }
  return taken;
}
