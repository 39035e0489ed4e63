import type { RoomId } from '../../matrix/ids/brands.ts';
import type { Duty, Schedule } from '../schedule.ts';

/** The duty of going to all rooms: its key is the room that it has come to. And that of one which did not answer. */
const TOUR = 'room-tour';
const AGAIN = 'room-again';

const ROOMS = 10;
/** So that no more rooms are awake by it than a small machine has room for: they sleep again after ten seconds. */
const PAUSE_MS = 1_000;
const AGAIN_MS = 30_000;

/**
 * Has every room of this server see how old its messages may get now, also those that nothing else wakes. One shard does
 * it for all, some rooms at a time, whoever is in them.
 */
export class RoomTour {
  readonly #rooms: (after: string, limit: number) => Promise<readonly RoomId[]>;
  readonly #visit: (roomId: RoomId) => Promise<void>;
  readonly #schedule: Pick<Schedule, 'set'>;

  constructor(options: {
    /** By their IDs, behind one. */
    readonly rooms: (after: string, limit: number) => Promise<readonly RoomId[]>;
    readonly visit: (roomId: RoomId) => Promise<void>;
    readonly schedule: Pick<Schedule, 'set'>;
  }) {
    this.#rooms = options.rooms;
    this.#visit = options.visit;
    this.#schedule = options.schedule;
  }

  begin(now: number): void {
    this.#schedule.set(TOUR, '', now);
  }

  owns({ kind }: Duty): boolean {
    return kind === TOUR || kind === AGAIN;
  }

  /** Throws where it has to be tried again. */
  async attend({ kind, key }: Duty): Promise<undefined> {
    if (kind === AGAIN) await this.#visit(key as RoomId);
    else await this.#goOn(key);
    return undefined;
  }

  async #goOn(key: string): Promise<void> {
    const page = await this.#rooms(key, ROOMS);
    const visited = await Promise.allSettled(page.map((roomId) => this.#visit(roomId)));
    const now = Date.now();
    for (const [at, roomId] of page.entries()) {
      if (visited[at]?.status === 'rejected') this.#schedule.set(AGAIN, roomId, now + AGAIN_MS);
    }
    const last = page.at(-1);
    if (last !== undefined && page.length === ROOMS) this.#schedule.set(TOUR, last, now + PAUSE_MS);
  }
}
