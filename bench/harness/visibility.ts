import type { MatrixClient } from '../../test/support/node/matrix-client.ts';
import type { SyncClient } from './sync-client.ts';

const POLL_MS = 500;

/** What one member sees of rooms, and when: through `/sync`, and through `/messages` for what a response left out. */
export class Visibility {
  readonly #sync: SyncClient;
  readonly #member: MatrixClient;
  readonly #rooms: readonly string[];
  readonly #seenAt = new Map<string, number>();
  /** when a response left something out, by room */
  readonly #gaps = new Map<string, number>();
  #awaited: ReadonlySet<string> | undefined;
  #giveUpAt = Infinity;
  readonly #done: Promise<void>;

  private constructor(sync: SyncClient, member: MatrixClient, rooms: readonly string[]) {
    this.#sync = sync;
    this.#member = member;
    this.#rooms = rooms;
    this.#done = this.#follow();
  }

  /** Begins to follow rooms. */
  static async watch(sync: SyncClient, member: MatrixClient, rooms: readonly string[]): Promise<Visibility> {
    await sync.poll(0);
    return new Visibility(sync, member, rooms);
  }

  /** Ends when everything was seen. @returns when each event was, as `performance.now()`. @throws if that takes too long. */
  async seesAll(eventIds: ReadonlySet<string>, withinMs: number): Promise<ReadonlyMap<string, number>> {
    this.#awaited = eventIds;
    this.#giveUpAt = performance.now() + withinMs;
    await this.#done;
    this.#sync.connection.close();
    return new Map([...this.#seenAt].filter(([id]) => eventIds.has(id)));
  }

  async #follow(): Promise<void> {
    while (!this.#isComplete()) {
      if (performance.now() > this.#giveUpAt) throw new Error('not every acknowledged message became visible');
      const response = await this.#sync.poll(POLL_MS);
      const now = performance.now();
      for (const [roomId, { timeline }] of Object.entries(response.rooms?.join ?? {})) {
        for (const { event_id: id } of timeline.events) if (!this.#seenAt.has(id)) this.#seenAt.set(id, now);
        if (timeline.limited === true) this.#gaps.set(roomId, now);
      }
      if (this.#awaited !== undefined) await this.#fillGaps();
    }
  }

  #isComplete(): boolean {
    return this.#awaited !== undefined && [...this.#awaited].every((id) => this.#seenAt.has(id));
  }

  /** What a response left out is in the history. It was visible when that response came. */
  async #fillGaps(): Promise<void> {
    for (const roomId of this.#rooms) {
      const gapAt = this.#gaps.get(roomId);
      this.#gaps.delete(roomId);
      for (let from: string | undefined, more = gapAt !== undefined; more;) {
        const page = await this.#member.messages(roomId, { limit: 500, from });
        const before = this.#seenAt.size;
        for (const { event_id: id } of page.chunk) if (!this.#seenAt.has(id)) this.#seenAt.set(id, gapAt ?? Number.NaN);
        from = page.end;
        more = from !== undefined && page.chunk.length > 0 && !this.#isComplete() && this.#seenAt.size >= before;
      }
    }
  }
}
