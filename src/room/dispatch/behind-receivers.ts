import type { ReceiverRow, ReceiverStore } from './receiver-store.ts';

/**
 * The receivers that have not confirmed: the table `receivers`, and in front of it what the next transaction of the room
 * writes into it. A thousand servers that fail at once would otherwise be a thousand commits of the room.
 */
export class BehindReceivers {
  readonly #rows: ReceiverStore;
  /** `undefined`: its row is to go. */
  readonly #owed = new Map<string, ReceiverRow | undefined>();
  /** Written in the transaction that is open. */
  #written: readonly string[] = [];

  constructor(rows: ReceiverStore) {
    this.#rows = rows;
  }

  get(receiver: string): ReceiverRow | undefined {
    return this.#owed.has(receiver) ? this.#owed.get(receiver) : this.#rows.get(receiver);
  }

  all(): readonly ReceiverRow[] {
    const stored = this.#rows.all().filter(({ receiver }) => !this.#owed.has(receiver));
    return [...stored, ...[...this.#owed.values()].filter((row) => row !== undefined)];
  }

  put(row: ReceiverRow): void {
    this.#owed.set(row.receiver, row);
  }

  remove(receiver: string): void {
    if (this.#rows.get(receiver) === undefined) this.#owed.delete(receiver);
    else this.#owed.set(receiver, undefined);
  }

  /** Its row was changed behind this. */
  drop(receiver: string): void {
    this.#owed.delete(receiver);
  }

  /** Runs in the transaction that is open. */
  write(): void {
    for (const [receiver, row] of this.#owed) {
      if (row === undefined) this.#rows.remove(receiver);
      else this.#rows.put(row);
    }
    this.#written = [...this.#owed.keys()];
  }

  /** The transaction of the last {@link write} is committed: called in the same turn. */
  committed(): void {
    for (const receiver of this.#written) this.#owed.delete(receiver);
    this.#written = [];
  }

  /** It was rolled back. */
  forget(): void {
    this.#written = [];
  }
}
