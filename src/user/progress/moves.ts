import type { RoomId } from '../../matrix/ids/brands.ts';
import type { ProgressStore } from './store.ts';

/** Which rooms moved behind a place in a shard's log. */
export interface Moves {
  /** Looked through up to here. */
  readonly seq: number;
  /** Where the log ends. */
  readonly head: number;
  /** Each up to `to`. */
  readonly rooms: readonly { readonly roomId: RoomId; readonly epoch: string; readonly to: number }[];
}

const MAX_ROWS = 1_000;

/** What the shard's log says behind `seq`. It is asked again where it does not reach the head. */
export function movesAfter(store: Pick<ProgressStore, 'head' | 'log'>, seq: number): Moves {
  const head = store.head();
  const rows = store.log(seq, MAX_ROWS);
  const rooms = new Map<RoomId, Moves['rooms'][number]>();
  for (const { roomId, epoch, to } of rows) {
    rooms.set(roomId, { roomId, epoch, to });
  }
  const reached = rows.length < MAX_ROWS ? head : (rows.at(-1)?.seq ?? head);
  return { seq: Math.max(seq, reached), head, rooms: [...rooms.values()] };
}
