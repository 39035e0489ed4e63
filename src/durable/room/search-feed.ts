import type { SearchWriter } from '../../projection/search-range.ts';
import type { Receivers } from '../../room/dispatch/dispatcher.ts';
import { nextToFill, noteFilled } from '../../room/find/fill-search.ts';
import type { RoomStore } from '../../room/store.ts';
import type { Schedule } from '../schedule.ts';
import { withinTime } from '../within-time.ts';

/** The duty of a room that was there before the database of search. */
export const SEARCH = 'search';

/** A call that does not answer has not confirmed. */
const CALL_TIMEOUT_MS = 10_000;
/** Between two steps, so that rooms with long histories leave the database to others, too. */
const PAUSE_MS = 250;
const RETRY_MS = 30_000;

/** What the room gives to the database of search, if there is one: news, and, as a duty, what was there before. */
export class SearchFeed {
  readonly #writer: SearchWriter | undefined;
  readonly #store: RoomStore;
  readonly #schedule: Pick<Schedule, 'setIfAbsent'>;

  constructor(options: {
    readonly writer: SearchWriter | undefined;
    readonly store: RoomStore;
    readonly schedule: Pick<Schedule, 'setIfAbsent'>;
  }) {
    this.#writer = options.writer;
    this.#store = options.store;
    this.#schedule = options.schedule;
  }

  receiver(): Receivers['search'] {
    const writer = this.#writer;
    if (writer === undefined) return undefined;
    return async (range) => {
      const { isComplete } = await withinTime(CALL_TIMEOUT_MS, writer.write(range));
      if (!isComplete) this.begin();
      return { kind: 'confirmed' };
    };
  }

  begin(): void {
    if (this.#writer !== undefined) this.#schedule.setIfAbsent(SEARCH, '', Date.now());
  }

  /** One step of the duty. @returns when the next is due. */
  async attend(): Promise<number | undefined> {
    if (this.#writer === undefined) return undefined;
    const { range, reached } = nextToFill(this.#store);
    try {
      await withinTime(CALL_TIMEOUT_MS, this.#writer.write(range));
    } catch {
      return Date.now() + RETRY_MS;
    }
    noteFilled(this.#store, reached);
    return reached === '' ? undefined : Date.now() + PAUSE_MS;
  }
}
