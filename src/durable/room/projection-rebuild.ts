import type { ServerName } from '../../matrix/ids/brands.ts';
import type { ProjectionStore } from '../../projection/project-range.ts';
import { projectedRange } from '../../room/dispatch/projected-range.ts';
import type { RoomStore } from '../../room/store.ts';
import type { Schedule } from '../schedule.ts';
import { withinTime } from '../within-time.ts';

/** The duty of a room whose projection in D1 is written anew. */
export const PROJECTION = 'projection';

/** The value of `meta`: through which position it has been. */
const REBUILT = 'projection_rebuilt';

/** A call that does not answer has not confirmed. */
const CALL_TIMEOUT_MS = 10_000;
/** Between two steps, so that rooms with long histories leave the database to others, too. */
const PAUSE_MS = 250;
const RETRY_MS = 30_000;

/**
 * Gives the projection in D1 again what the room has, from its first position on, beside what is new meanwhile (contracts,
 * section 8). Rows are replaced by a larger position only, so that nothing that is right is changed; what names positions
 * that the room has not reached, since it was restored to an earlier time, goes first.
 */
export class ProjectionRebuild {
  readonly #writer: ProjectionStore;
  readonly #store: RoomStore;
  readonly #serverName: ServerName;
  readonly #schedule: Pick<Schedule, 'setIfAbsent'>;

  constructor(options: {
    readonly writer: ProjectionStore;
    readonly store: RoomStore;
    readonly serverName: ServerName;
    readonly schedule: Pick<Schedule, 'setIfAbsent'>;
  }) {
    this.#writer = options.writer;
    this.#store = options.store;
    this.#serverName = options.serverName;
    this.#schedule = options.schedule;
  }

  /** From the beginning, also where one is under way. */
  begin(now: number): void {
    this.#store.meta.set(REBUILT, '0');
    this.#schedule.setIfAbsent(PROJECTION, '', now);
  }

  /** One step of the duty. @returns when the next is due. */
  async attend(): Promise<number | undefined> {
    const { meta, stream } = this.#store;
    const from = Number(meta.get(REBUILT) ?? '0');
    const head = stream.head();
    const range = projectedRange(this.#store, from, head, this.#serverName);
    try {
      // A redaction of long ago takes no file with it: what else names that file may not be written yet.
      const written = this.#writer.write(from === 0 ? { ...range, beyond: head } : range, false);
      await withinTime(CALL_TIMEOUT_MS, written);
    } catch {
      return Date.now() + RETRY_MS;
    }
    // It may have been begun anew during the call.
    if (meta.get(REBUILT) === String(from)) meta.set(REBUILT, String(range.to));
    // What came during the first call may have been taken for what goes.
    return Number(meta.get(REBUILT)) >= stream.head() ? undefined : Date.now() + PAUSE_MS;
  }
}
