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

/** For changes that are made elsewhere than in D1: written once they are made. */
export interface AuditWriter {
  write(entry: {
    readonly ts: number;
    /** A user, or the ID of an application service. */
    readonly by: string;
    readonly action: string;
    readonly detail: Readonly<Record<string, unknown>>;
  }): Promise<void>;
}

/** Who changed what. Whoever changes something writes it there in the same transaction. */
export interface AuditLog {
  /** The newest first. */
  page(filter: {
    /** A user, or the ID of an application service. */
    readonly by: string | undefined;
    readonly action: string | undefined;
    /** The last one of the page before. */
    readonly before: number | undefined;
    readonly limit: number;
  }): Promise<readonly AuditEntry[]>;
}
