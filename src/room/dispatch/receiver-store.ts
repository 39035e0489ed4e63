export interface ReceiverRow {
  readonly receiver: string;
  readonly fromPos: number;
  /** Since when (ms) it is not to be called, since it asks by itself; 0: it is. */
  readonly detachedAt: number;
}

/** Receivers that have not confirmed everything up to `dispatchedThrough`. */
export interface ReceiverStore {
  all(): readonly ReceiverRow[];
  get(receiver: string): ReceiverRow | undefined;
  put(row: ReceiverRow): void;
  remove(receiver: string): void;
}
