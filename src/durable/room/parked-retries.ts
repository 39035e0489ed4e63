import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { beginRetries, giveBackTry, retryHere } from '../../room/park/retry.ts';
import type { RetryAnswer } from '../../federation/receive/retry-parked.ts';
import type { RoomContext } from '../../room/room-context.ts';
import type { ParkedRow, RoomStore } from '../../room/store.ts';
import type { RpcResult } from '../call.ts';
import type { Schedule } from '../schedule.ts';
import { withinTime } from '../within-time.ts';

/** The duty of a room that has parked events. */
export const PARKED = 'parked';

/** Servers that one event is tried with in a run, where those before are left alone. */
const MAX_ASKED = 3;
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
  readonly ask: (
    server: ServerName,
    pdus: readonly Pick<ParkedRow, 'eventId' | 'json' | 'isPulled'>[],
  ) => Promise<RetryAnswer>;
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
      const { here, asked, others } = begun.value;
      await sync();
      if (here.length > 0) await write((ctx) => retryHere(ctx, here));
      for (const [server, rows] of asked) void this.#ask([server, ...others.filter((other) => other !== server)], rows);
    }
    const next = store.parked.nextRetry();
    this.#dueAt = next === undefined ? undefined : Math.max(next, now() + MIN_PAUSE_MS);
    return this.#dueAt;
  }

  /** Asks the first of these servers that is not left alone for now. */
  async #ask(servers: readonly ServerName[], rows: readonly ParkedRow[]): Promise<void> {
    const { ask, write } = this.#options;
    try {
      const pdus = rows.map(({ eventId, json, isPulled }) => ({ eventId, json, isPulled }));
      const waits: number[] = [];
      for (const server of servers.slice(0, MAX_ASKED)) {
        const answer = await withinTime(ASK_MS, ask(server, pdus));
        if (answer.kind === 'tried') {
          await this.#drop(answer.dropped);
          return;
        }
        waits.push(answer.until);
      }
      await write((ctx) => giveBackTry(ctx, rows, Math.min(...waits)));
    } catch {
      // A server or object that does not answer is no failure of the duty: the events have their next time already.
    }
  }

  async #drop(eventIds: readonly EventId[]): Promise<void> {
    if (eventIds.length === 0) return;
    await this.#options.write(({ store }) => {
      for (const eventId of eventIds) store.parked.remove(eventId);
    });
  }
}
