import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { parsePointToken } from '../../../src/room/read/history-point.ts';
import { readOverHoles } from '../../../src/room/read/read-over-holes.ts';
import type { HistoryKey } from '../../../src/room/store.ts';
import type { SimServer } from './sim-server.ts';

/** Where a client has to page back from: what lies between here and the entry before is not shown. */
export interface Gap {
  readonly prevBatch: string;
}

const isGap = (entry: EventId | Gap): entry is Gap => typeof entry !== 'string';

/** The history of a room as a user pages through it, and what is folded of timelines beside it. */
export class SimHistory {
  readonly #userId: UserId;
  readonly #server: SimServer;
  readonly #fault: (what: string) => void;

  constructor(userId: UserId, server: SimServer, fault: (what: string) => void) {
    this.#userId = userId;
    this.#server = server;
    this.#fault = fault;
  }

  /** Pages back over every gap: together with the timelines, that has to be the visible history, once and in order. */
  async check(roomId: RoomId, timeline: readonly (EventId | Gap)[] | undefined): Promise<void> {
    const visible = await this.page(roomId, undefined, () => false);
    if (timeline === undefined) return this.#fault(`was never told of ${roomId}`);
    const known = new Set(timeline.filter((entry) => !isGap(entry)));
    const whole: EventId[] = [];
    for (const entry of timeline) {
      if (!isGap(entry)) {
        whole.push(entry);
        continue;
      }
      const point = parsePointToken(entry.prevBatch);
      if (point === undefined) return this.#fault(`no token: ${entry.prevBatch}`);
      const missed = await this.page(roomId, point, (id) => known.has(id));
      whole.push(...missed);
      for (const id of missed) known.add(id);
    }
    const lost = visible.filter((id) => !whole.includes(id));
    const told = whole.filter((id) => !this.#isOwnRejection(roomId, id) || visible.includes(id));
    const extra = told.filter((id) => !visible.includes(id));
    const folded = timeline.map((entry) => (isGap(entry) ? `(${entry.prevBatch})` : entry.slice(0, 7))).join(' ');
    if (lost.length > 0) this.#fault(`never saw ${lost.join(' ')} of ${roomId}; was told ${folded}`);
    if (extra.length > 0)
      this.#fault(`saw ${extra.join(' ')} that is no visible history of ${roomId}; was told ${folded}`);
    if (new Set(whole).size < whole.length) this.#fault(`saw events twice in ${roomId}`);
    else if (lost.length + extra.length === 0 && told.join() !== visible.join()) {
      this.#fault(`saw ${roomId} in another order:\n   ${told.join(' ')}\n   ${visible.join(' ')}`);
    }
  }

  /**
   * A rejection that no other server could be told of at once is an event of this server alone: the room gets another,
   * made of its template, and who comes in later finds that in the history.
   */
  #isOwnRejection(roomId: RoomId, eventId: EventId): boolean {
    const stored = this.#server.room(roomId).store.events.get(eventId);
    const { sender, stateKey, content } = stored?.pdu ?? {};
    const isOwnLeave = sender === this.#userId && stateKey === this.#userId && content?.['membership'] === 'leave';
    return stored?.status === 'outlier' && isOwnLeave;
  }

  /** Pages backwards from a point until `isKnown`; oldest first. */
  async page(
    roomId: RoomId,
    from: HistoryKey | undefined,
    isKnown: (eventId: EventId) => boolean,
  ): Promise<readonly EventId[]> {
    const { client } = this.#server.room(roomId);
    const found: EventId[] = [];
    let point = from;
    for (let pages = 0; pages < 200; pages += 1) {
      const query = {
        roomId,
        userId: this.#userId,
        scope: 'D',
        dir: 'b' as const,
        from: point,
        to: undefined,
        limit: 7,
        filter: {},
        lazyLoadMembers: false,
      };
      const page = await readOverHoles(
        (asked: typeof query) => client.readMessages(asked),
        (holes) => this.#server.fillHistory(roomId, holes, 20),
        query,
      );
      for (const { event_id: eventId } of page.chunk) {
        if (isKnown(eventId)) return found.toReversed();
        found.push(eventId);
      }
      if (page.end === undefined || page.end === page.start) break;
      point = parsePointToken(page.end);
    }
    return found.toReversed();
  }
}
