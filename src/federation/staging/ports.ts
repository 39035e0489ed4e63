import type { EventId, RoomId } from '../../matrix/ids/brands.ts';

/** A PDU whose format, signatures and hash were checked when it came. */
export interface StagedPdu {
  readonly eventId: EventId;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
}

export interface StagedRow extends StagedPdu {
  readonly seq: number;
  /** Tries, the one under way included. */
  readonly attempts: number;
}

/** Synchronous. */
export interface StagingStore {
  transaction(work: () => void): void;
  /** How often since when the room has not taken PDUs. */
  missed(roomId: RoomId): { readonly times: number; readonly since: number } | undefined;
  putMissed(roomId: RoomId, missed: { readonly times: number; readonly since: number }): void;
  forgetMissedBefore(since: number): void;
  /** One that is there already stays as it is. */
  add(roomId: RoomId, pdu: StagedPdu): void;
  size(): { readonly rows: number; readonly bytes: number };
  rooms(): readonly RoomId[];
  /** The oldest of a room. */
  next(roomId: RoomId, limit: number): readonly StagedRow[];
  addAttempts(rows: readonly StagedRow[], by: 1 | -1): void;
  remove(rows: readonly StagedRow[]): void;
}
