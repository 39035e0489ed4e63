import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { beginRetries, retryHere } from '../../room/park/retry.ts';
import type { RoomContext } from '../../room/room-context.ts';
import type { ParkedRow, RoomStore } from '../../room/store.ts';
import type { RpcResult } from '../call.ts';
import type { Schedule } from '../schedule.ts';
import { withinTime } from '../within-time.ts';

/** The duty of a room that has parked events. */
export const PARKED = 'parked';

/** How long a run waits for the `Destination` of one server. */
const ASK_MS = 30_000;
const MIN_PAUSE_MS = 1_000;

interface ParkedRetriesOptions {
  readonly store: Pick<RoomStore, 'parked'>;
  readonly schedule: Pick<Schedule, 'set'>;
  readonly write: <T>(work: (ctx: RoomContext) => T) => Promise<RpcResult<T>>;
  readonly now: () => number;
  /** Resolves when what was written is durable. */
  readonly sync: () => Promise<void>;
  /** @returns what was dropped for its own fault. */
  readonly ask: (
    server: ServerName,
    pdus: readonly Pick<ParkedRow, 'eventId' | 'json'>[],
  ) => Promise<readonly EventId[]>;
}

/** Tries parked events again by time. */
export class ParkedRetries {
  readonly #options: ParkedRetriesOptions;
  /** When the duty is due, as far as this instance knows. */
  #dueAt: number | undefined;

  constructor(options: ParkedRetriesOptions) {
    this.#options = options;
  }

  /** After a transaction was rolled back. */
  forget(): void {
    this.#dueAt = undefined;
  }

  /** At the end of every turn: what was parked in it has its time. */
  note(): void {
    const { store, schedule } = this.#options;
    const at = store.parked.nextRetry();
    if (at === undefined || (this.#dueAt !== undefined && this.#dueAt <= at)) return;
    this.#dueAt = at;
    schedule.set(PARKED, '', at);
  }

  /** One run of the duty. What is asked of others goes on after it. @returns when the next is due. */
  async run(): Promise<number | undefined> {
    const { store, write, sync, now } = this.#options;
    const begun = await write(beginRetries);
    if (begun.ok) {
      const { here, asked } = begun.value;
      await sync();
      if (here.length > 0) await write((ctx) => retryHere(ctx, here));
      for (const [server, rows] of asked) void this.#ask(server, rows);
    }
    const next = store.parked.nextRetry();
    this.#dueAt = next === undefined ? undefined : Math.max(next, now() + MIN_PAUSE_MS);
    return this.#dueAt;
  }

  async #ask(server: ServerName, rows: readonly ParkedRow[]): Promise<void> {
    const { ask, write } = this.#options;
    try {
      const pdus = rows.map(({ eventId, json }) => ({ eventId, json }));
      const dropped = await withinTime(ASK_MS, ask(server, pdus));
      if (dropped.length === 0) return;
      await write((ctx) => {
        for (const eventId of dropped) ctx.store.parked.remove(eventId);
      });
    } catch {
      // A server or object that does not answer is no failure of the duty: the events have their next time already.
    }
  }
}
