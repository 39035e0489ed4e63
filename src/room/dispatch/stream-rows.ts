import type { RoomStore, StreamRow } from '../store.ts';

/** Rows that are read at a time: after a join there is one for each member. */
const ROWS = 1_000;

/** The rows of `(from, to]`, as far as somebody reads them. */
export function* streamRows(
  { stream }: Pick<RoomStore, 'stream'>,
  from: number,
  to: number,
): Generator<StreamRow, void> {
  for (let at = from; at < to;) {
    const rows = stream.range(at, to, ROWS);
    yield* rows;
    at = rows.length < ROWS ? to : (rows.at(-1)?.pos ?? to);
  }
}
