import type { UserId } from '../matrix/ids/brands.ts';

/** One change, as whoever made it wrote it down. */
export interface AuditEntry {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly ts: number;
  readonly userId: string;
  readonly action: string;
  /** JSON. */
  readonly detail: string;
}

/** Who changed what. Whoever changes something writes it there in the same transaction. */
export interface AuditLog {
  /** The newest first. */
  page(filter: {
    readonly by: UserId | undefined;
    readonly action: string | undefined;
    /** The last one of the page before. */
    readonly before: number | undefined;
    readonly limit: number;
  }): Promise<readonly AuditEntry[]>;
}
