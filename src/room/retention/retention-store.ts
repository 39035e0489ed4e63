import type { EventId } from '../../matrix/ids/brands.ts';

/** A row of the table `events`, as far as its age goes. */
export interface AgingRow {
  /** Its place in the order in which events came. */
  readonly row: number;
  readonly eventId: EventId;
  /** Milliseconds since the epoch. */
  readonly receivedTs: number;
  /** When it was sent, by its sender, but not later than it came. */
  readonly ts: number;
  /** It is a message that still has its content. */
  readonly isOpen: boolean;
}

/** How old messages of the room may get. */
export interface RetentionStore {
  /** Milliseconds; `undefined`: any. */
  lifetime(): number | undefined;
  /** Messages of this time (ms) and before have left the room; `undefined`: none. */
  horizon(): number | undefined;
  /** In the order in which they came, beginning with a row. */
  rowsFrom(row: number, limit: number): readonly AgingRow[];
}
