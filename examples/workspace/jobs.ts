import type { Database } from './database.ts';
import { isTransient, Refusal } from './homeserver.ts';

const LONGEST_WAIT_MS = 300_000;
const PATIENCE_MS = 10_000;

interface Job {
  readonly id: number;
  readonly kind: string;
  readonly lane: string;
  readonly data: string;
  readonly tries: number;
  readonly next_ts: number;
}

export interface JobKind<T> {
  /** Does it once. @throws if it has to be tried again, or cannot be done. */
  run(data: T): Promise<void>;
  /** Is told why a try failed; `isFinal`: there is no other. */
  failed(data: T, error: Error, isFinal: boolean): void;
  /** Whether it is never worth trying again. */
  isHopeless(error: Error): boolean;
}

export type Outcome = { result: 'done' | 'waits' } | { result: 'refused'; error: Error };

/** What was refused, as a person is told. */
export const wordsOf = (error: unknown): string => {
  if (error instanceof Refusal) return `${error.errcode}: ${error.message}`;
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error instanceof Error ? error.message : String(error)}${cause}`;
};

/**
 * What is still to be done, kept in the database: jobs of one lane go in order, one at a time, each until it is done
 * or refused; lanes do not wait for each other. So nothing is lost when Eyrie is away or this process is killed.
 */
export class Jobs {
  readonly #database: Database;
  // oxlint-disable-next-line typescript/no-explicit-any -- each kind has data of its own
  readonly #kinds = new Map<string, JobKind<any>>();
  readonly #running = new Set<string>();
  readonly #waiters = new Map<number, (outcome: Outcome) => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(database: Database) {
    this.#database = database;
  }

  define<T>(kind: string, does: Partial<JobKind<T>> & Pick<JobKind<T>, 'run'>): void {
    const usual = { failed: () => undefined, isHopeless: (error: Error) => !isTransient(error) };
    this.#kinds.set(kind, { ...usual, ...does });
  }

  /** Belongs into the transaction that makes it necessary. */
  add(kind: string, lane: string, data: object): number {
    this.#database.run('INSERT INTO jobs (kind, lane, data) VALUES (?, ?, ?)', kind, lane, JSON.stringify(data));
    setImmediate(() => this.look());
    return this.#database.get<{ id: number }>('SELECT last_insert_rowid() AS id')?.id ?? 0;
  }

  /** Adds a job. @returns what came of the first try, or `waits` if others of its lane keep it from being tried. */
  addAndTry(kind: string, lane: string, data: object): Promise<Outcome> {
    const id = this.#database.transaction(() => this.add(kind, lane, data));
    return new Promise((resolve) => {
      const timer = setTimeout(() => tell({ result: 'waits' }), PATIENCE_MS);
      const tell = (outcome: Outcome): void => {
        clearTimeout(timer);
        this.#waiters.delete(id);
        resolve(outcome);
      };
      this.#waiters.set(id, tell);
    });
  }

  /** Tries what waits at once. */
  hurry(lane: string): void {
    this.#database.run('UPDATE jobs SET next_ts = 0 WHERE lane = ?', lane);
    this.look();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Starts what is due, and looks again when the next thing is. */
  look(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    const heads = this.#database.all<Job>('SELECT * FROM jobs WHERE id IN (SELECT MIN(id) FROM jobs GROUP BY lane)');
    let next = Infinity;
    for (const job of heads) {
      if (this.#running.has(job.lane)) continue;
      if (job.next_ts <= Date.now()) void this.#run(job);
      else next = Math.min(next, job.next_ts);
    }
    if (next < Infinity) this.#timer = setTimeout(() => this.look(), Math.max(next - Date.now(), 0));
  }

  async #run(job: Job): Promise<void> {
    this.#running.add(job.lane);
    const kind = this.#kinds.get(job.kind);
    const data = JSON.parse(job.data) as unknown;
    let outcome: Outcome = { result: 'done' };
    try {
      if (kind === undefined) throw new Error(`nobody does ${job.kind}`);
      await kind.run(data);
      this.#database.run('DELETE FROM jobs WHERE id = ?', job.id);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      const isFinal = kind?.isHopeless(error) ?? true;
      this.#database.transaction(() => {
        kind?.failed(data, error, isFinal);
        if (isFinal) this.#database.run('DELETE FROM jobs WHERE id = ?', job.id);
        else this.#postpone(job, error);
      });
      outcome = isFinal ? { result: 'refused', error } : { result: 'waits' };
    } finally {
      this.#running.delete(job.lane);
      this.#waiters.get(job.id)?.(outcome);
      this.look();
    }
  }

  #postpone(job: Job, error: Error): void {
    const wait = Math.min(500 * 2 ** Math.min(job.tries, 20), LONGEST_WAIT_MS);
    const next = Date.now() + wait * (0.75 + Math.random() / 4);
    const sql = 'UPDATE jobs SET tries = tries + 1, next_ts = ?, error = ? WHERE id = ?';
    this.#database.run(sql, Math.round(next), wordsOf(error), job.id);
  }
}
