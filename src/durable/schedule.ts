/** What an object has to do at a time. `key` tells duties of one kind apart. */
export interface Duty {
  readonly kind: string;
  readonly key: string;
  readonly attempt: number;
}

/** Does one duty. Resolves to the time (ms) at which to do it again, or `undefined` when it is done. */
export type DutyHandler = (duty: Duty) => Promise<number | undefined> | number | undefined;

/** A duty whose handler threw or died this often in a row is parked: `at` null, kept for the administrator. */
const MAX_ATTEMPTS = 5;

const RETRY_MS = 5_000;

/**
 * The duties behind an object's one alarm (contracts, section 2, "Duties"). Rows are in the table
 * `duties(kind, key, at, attempt)`; the alarm stands at the minimum of `at` and is rewritten only when that changes.
 */
export class Schedule {
  readonly #storage: DurableObjectStorage;
  /** The alarm as this instance last set it; `undefined` until then. */
  #alarmAt: number | undefined;
  /** Duties that are there, as far as this instance knows. */
  readonly #known = new Set<string>();
  /** Its handler is at work and sets the alarm at its end. */
  #isRunning = false;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Adds a duty or moves it. Runs inside the caller's transaction. */
  set(kind: string, key: string, at: number): void {
    this.#storage.sql.exec(
      `insert into duties (kind, key, at, attempt) values (?, ?, ?, 0)
       on conflict (kind, key) do update set at = excluded.at, attempt = 0`,
      kind,
      key,
      at,
    );
    this.#arm();
  }

  /**
   * Adds a duty unless it is there: the backstop of a hot path, which then makes no alarm call. One that was parked is
   * tried again.
   */
  setIfAbsent(kind: string, key: string, at: number): void {
    const name = nameOf(kind, key);
    if (this.#known.has(name)) return;
    this.#known.add(name);
    const { rowsWritten } = this.#storage.sql.exec(
      `insert into duties (kind, key, at, attempt) values (?, ?, ?, 0)
       on conflict (kind, key) do update set at = excluded.at, attempt = 0 where at is null`,
      kind,
      key,
      at,
    );
    if (rowsWritten > 0) this.#arm();
  }

  /** Adds a duty, or moves it to an earlier time; one that comes sooner stays, at the cost of a look. */
  setAtLatest(kind: string, key: string, at: number): void {
    const { rowsWritten } = this.#storage.sql.exec(
      `insert into duties (kind, key, at, attempt) values (?, ?, ?, 0)
       on conflict (kind, key) do update set at = excluded.at, attempt = 0
       where duties.at is null or duties.at > excluded.at`,
      kind,
      key,
      at,
    );
    if (rowsWritten > 0) this.#arm();
  }

  /** When a duty is due (ms); `undefined`: it is not there, or parked. */
  at(kind: string, key: string): number | undefined {
    const [row] = this.#storage.sql
      .exec<{ at: number | null }>('select at from duties where kind = ? and key = ?', kind, key)
      .toArray();
    return row?.at ?? undefined;
  }

  clear(kind: string, key: string): void {
    this.#known.delete(nameOf(kind, key));
    this.#storage.sql.exec('delete from duties where kind = ? and key = ?', kind, key);
  }

  /** At any wake: the platform may have dropped the alarm, so it is set again where duties are due and none stands. */
  async ensureAlarm(): Promise<void> {
    const at = this.#isRunning ? undefined : this.#earliest();
    if (at === undefined) return;
    const standing = await this.#storage.getAlarm();
    if (standing === null || standing > at) await this.#storage.setAlarm(at);
    this.#alarmAt = at;
  }

  /**
   * The object's alarm handler. Never throws: the platform drops an alarm after six failures. The attempt is stored
   * before the work, so that a duty that kills the object is parked too.
   */
  async run(now: () => number, handler: DutyHandler): Promise<void> {
    this.#isRunning = true;
    try {
      await this.#runDue(now, handler);
    } finally {
      this.#isRunning = false;
    }
    const next = this.#earliest();
    this.#alarmAt = next;
    if (next !== undefined) await this.#storage.setAlarm(next);
  }

  async #runDue(now: () => number, handler: DutyHandler): Promise<void> {
    const due = this.#storage.sql
      .exec<{ kind: string; key: string; attempt: number }>(
        'select kind, key, attempt from duties where at <= ? order by at limit 100',
        now(),
      )
      .toArray();
    for (const { kind, key, attempt } of due) {
      const isLast = attempt + 1 >= MAX_ATTEMPTS;
      if (isLast) this.#known.delete(nameOf(kind, key));
      this.#storage.sql.exec(
        'update duties set attempt = ?, at = ? where kind = ? and key = ?',
        attempt + 1,
        isLast ? null : now() + RETRY_MS * 2 ** attempt,
        kind,
        key,
      );
    }
    // The attempts must be durable before a duty that may kill the object begins.
    if (due.length > 0) await this.#storage.sync();
    for (const duty of due) await this.#runOne(duty, handler);
  }

  async #runOne(duty: Duty, handler: DutyHandler): Promise<void> {
    let next: number | undefined;
    try {
      next = await handler(duty);
    } catch {
      return;
    }
    if (next === undefined) this.clear(duty.kind, duty.key);
    else this.set(duty.kind, duty.key, next);
  }

  #earliest(): number | undefined {
    const row = this.#storage.sql.exec<{ at: number | null }>('select min(at) as at from duties').one();
    return row.at ?? undefined;
  }

  /** setAlarm takes part in the transaction that is open and needs no await: output waits for its commit. */
  #arm(): void {
    if (this.#isRunning) return;
    const at = this.#earliest();
    if (at === undefined || (this.#alarmAt !== undefined && this.#alarmAt <= at)) return;
    this.#alarmAt = at;
    void this.#storage.setAlarm(at);
  }

  /** After a transaction was rolled back: what this instance believes of its duties and the alarm may be wrong. */
  forget(): void {
    this.#alarmAt = undefined;
    this.#known.clear();
  }
}

function nameOf(kind: string, key: string): string {
  return `${kind} ${key}`;
}
