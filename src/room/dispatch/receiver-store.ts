export interface ReceiverRow {
  readonly receiver: string;
  readonly fromPos: number;
  readonly detached: boolean;
}

/** Receivers that have not confirmed everything up to `dispatchedThrough`. */
export interface ReceiverStore {
  all(): readonly ReceiverRow[];
  get(receiver: string): ReceiverRow | undefined;
  put(receiver: string, fromPos: number, detached: boolean): void;
  remove(receiver: string): void;
}
