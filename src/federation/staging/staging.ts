import type { RoomId } from '../../matrix/ids/brands.ts';
import type { StagedPdu, StagedRow, StagingStore } from './ports.ts';

/** A room that has not taken PDUs this often within the window has them staged (contracts, section 4). */
const TIMES = 3;
const WINDOW_MS = 600_000;

/** Of one origin (contracts, section 4). */
const MAX_ROWS = 1_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** An event that its room has not survived this often is given to it as `crashed`, to be kept and not decided. */
const MAX_ATTEMPTS = 3;

const BATCH = 50;
const FIRST_FEED_MS = 30_000;
const MAX_PAUSE_MS = 3_600_000;

/** `busy`: the room was not tried. `failed`: it threw, ended or hung, and one of the events may be why. */
export type Fed = 'taken' | 'busy' | 'failed';

interface StagingOptions {
  readonly store: StagingStore;
  readonly now: () => number;
  /** Resolves when what was written is durable. */
  readonly sync: () => Promise<void>;
  /** Receives PDUs in their room as if they came now. Never rejects. */
  readonly feed: (roomId: RoomId, pdus: readonly StagedPdu[]) => Promise<Fed>;
  /** Has the room keep an event as `crashed`, without looking at it. Never rejects. @returns whether it does. */
  readonly park: (roomId: RoomId, pdu: StagedPdu) => Promise<boolean>;
}

/**
 * PDUs that a room did not take again and again: they are acknowledged, kept with their sender's other things, and fed
 * to the room later, in order. The attempt is durable before it begins, so that an event that ends the room, or the
 * whole process, cannot do so for ever: after a batch has failed its events are tried one by one.
 */
export class Staging {
  readonly #options: StagingOptions;
  #failures = 0;

  constructor(options: StagingOptions) {
    this.#options = options;
  }

  /** @returns when the next {@link feed} is due, where the PDUs are kept; `undefined`: the sender has to repeat them. */
  notTaken(roomId: RoomId, pdus: readonly StagedPdu[]): number | undefined {
    const { store, now } = this.#options;
    const missed = store.missed(roomId);
    const isFresh = missed === undefined || missed.since < now() - WINDOW_MS;
    const times = isFresh ? 1 : missed.times + 1;
    let isKept = false;
    store.transaction(() => {
      store.forgetMissedBefore(now() - WINDOW_MS);
      store.putMissed(roomId, { times, since: isFresh ? now() : missed.since });
      if (times < TIMES || !this.#fits(pdus)) return;
      for (const pdu of pdus) store.add(roomId, pdu);
      isKept = true;
    });
    return isKept ? now() + FIRST_FEED_MS : undefined;
  }

  #fits(pdus: readonly StagedPdu[]): boolean {
    const { rows, bytes } = this.#options.store.size();
    const more = pdus.reduce((sum, { json }) => sum + json.length, 0);
    return rows + pdus.length <= MAX_ROWS && bytes + more <= MAX_BYTES;
  }

  /** Feeds each room until it does not take what it is given. @returns when to try again; `undefined`: nothing is left. */
  async feed(): Promise<number | undefined> {
    const { store, now } = this.#options;
    const fed = await Promise.all(store.rooms().map((roomId) => this.#feedRoom(roomId)));
    this.#failures = fed.includes(false) ? this.#failures + 1 : 0;
    if (this.#failures === 0) return undefined;
    return now() + Math.min(FIRST_FEED_MS * 2 ** (this.#failures - 1), MAX_PAUSE_MS);
  }

  /** @returns whether nothing of the room is left. */
  async #feedRoom(roomId: RoomId): Promise<boolean> {
    const { store, sync, feed } = this.#options;
    for (;;) {
      const rows = batchOf(store.next(roomId, BATCH));
      const [first] = rows;
      if (first === undefined) return true;
      if (first.attempts >= MAX_ATTEMPTS) {
        if (!(await this.#options.park(roomId, first))) return false;
        store.remove(rows);
        continue;
      }
      store.addAttempts(rows, 1);
      await sync();
      const fed = await feed(roomId, rows);
      if (fed === 'taken') store.remove(rows);
      else {
        if (fed === 'busy') store.addAttempts(rows, -1);
        return false;
      }
    }
  }
}

/** What was never tried goes together; what failed before goes alone. */
function batchOf(rows: readonly StagedRow[]): readonly StagedRow[] {
  const tried = rows.findIndex(({ attempts }) => attempts > 0);
  if (tried === 0) return rows.slice(0, 1);
  return tried === -1 ? rows : rows.slice(0, tried);
}
