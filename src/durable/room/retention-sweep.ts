import type { ServerName } from '../../matrix/ids/brands.ts';
import type { ProjectionStore } from '../../projection/project-range.ts';
import type { SearchWriter } from '../../projection/search-range.ts';
import { endStep, endSweep, goneOf, nextStep, sweptFor, type SweepStep } from '../../room/retention/sweep.ts';
import type { RoomStore } from '../../room/store.ts';
import type { Schedule } from '../schedule.ts';
import { withinTime } from '../within-time.ts';

/** The duty of a room whose messages expire. */
export const SWEEP = 'retention';

/** A call that does not answer has not confirmed. */
const CALL_TIMEOUT_MS = 10_000;
/** Between two steps, so that rooms with long histories leave the databases to others, too. */
const PAUSE_MS = 250;
const RETRY_MS = 30_000;

/** What forgets messages besides the room: the projections in D1, and files that only they named. */
interface Forgetting {
  readonly projection: Pick<ProjectionStore, 'write'>;
  readonly search: SearchWriter | undefined;
  /** Whether files go with the messages that named them. */
  readonly deletesMedia: () => Promise<boolean>;
  /** Removes what nobody names any more. */
  readonly removeFiles: () => Promise<void>;
}

/**
 * Empties the messages of a room that are older than they may get: as a duty, whose alarm wakes the room where nothing
 * else does. Others forget first, so that what was cut off is done again.
 */
export class RetentionSweep {
  readonly #forgetting: Forgetting;
  readonly #store: RoomStore;
  readonly #serverName: ServerName;
  readonly #schedule: Pick<Schedule, 'setIfAbsent' | 'setAtLatest'>;
  readonly #turn: <T>(work: () => T) => T;
  /** The lifetime for which this instance has asked for a pass. */
  #asked: number | undefined;

  constructor(options: {
    readonly forgetting: Forgetting;
    readonly store: RoomStore;
    readonly serverName: ServerName;
    readonly schedule: Pick<Schedule, 'setIfAbsent' | 'setAtLatest'>;
    readonly turn: <T>(work: () => T) => T;
  }) {
    this.#forgetting = options.forgetting;
    this.#store = options.store;
    this.#serverName = options.serverName;
    this.#schedule = options.schedule;
    this.#turn = options.turn;
  }

  forget(): void {
    this.#asked = undefined;
  }

  /** After any decision, in its transaction: where messages expire, a duty stands, and at once where that is new. */
  note(now: number): void {
    const lifetime = this.#store.retention.lifetime();
    if (lifetime === undefined) {
      this.#asked = undefined;
      return;
    }
    if (this.#asked !== lifetime) {
      if (sweptFor(this.#store) !== lifetime) this.#schedule.setAtLatest(SWEEP, '', now);
      this.#asked = lifetime;
    }
    this.#schedule.setIfAbsent(SWEEP, '', now + lifetime);
  }

  /** One step of the duty. @returns when the next is due. */
  async attend(): Promise<number | undefined> {
    const now = Date.now();
    const step = nextStep(this.#store, now);
    if (step === undefined) return this.#turn(() => endSweep(this.#store));
    if (step.expired.length > 0) {
      try {
        await this.#haveForgotten(step);
      } catch {
        return Date.now() + RETRY_MS;
      }
    }
    const next = this.#turn(() => endStep(this.#store, step, now));
    return next === now ? Date.now() + (step.expired.length > 0 ? PAUSE_MS : 0) : next;
  }

  async #haveForgotten({ expired }: SweepStep): Promise<void> {
    const { projection, search, deletesMedia, removeFiles } = this.#forgetting;
    const { projected, searched } = goneOf(this.#store, expired, this.#serverName);
    if (search !== undefined) await withinTime(CALL_TIMEOUT_MS, search.write(searched));
    if (projected.redacted.every(({ media }) => media.length === 0)) return;
    const deletes = await withinTime(CALL_TIMEOUT_MS, deletesMedia());
    const { retiredMedia } = await withinTime(CALL_TIMEOUT_MS, projection.write(projected, deletes));
    // What is not removed now is removed later, as overdue.
    if (retiredMedia) await withinTime(CALL_TIMEOUT_MS, removeFiles()).catch(() => {});
  }
}
