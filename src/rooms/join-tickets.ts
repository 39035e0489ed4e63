import { unavailable } from '../matrix/error.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import type { Tickets } from './ports.ts';

/** Joins that count at once (contracts, section 9). */
const MAX_JOINS = 2;
/** A join that takes longer stops counting, so that slow servers keep nobody waiting; of all there are no more than 8. */
const PATIENCE_MS = 60_000;
const MAX_HELD = 8;
/** Of which one user has no more than these, however slow: nobody alone keeps all others from joining. */
const MAX_OF_USER = 2;
/** How long a user waits for a ticket, and how often it is looked for one. */
const WAIT_MS = 60_000;
const LOOK_MS = 250;
/** How long a join waits that was let in before: its room takes it over again after 30 s of silence. */
const WAIT_AGAIN_MS = 20_000;
/** A holder says this often that it is there; the ticket of one that has not for so long is free. */
const BEAT_MS = 10_000;
const VANISHED_MS = 30_000;

interface Ticket {
  readonly userId: UserId;
  readonly began: number;
  seen: number;
}

/**
 * The joins over other servers that are under way in an isolate: each holds a batch of its answer, and connections.
 * Nobody is woken by another: a request may end at any moment without another word, be it one that holds a ticket or one
 * that waits, so tickets are looked for again and again, and lapse.
 */
export class JoinTickets implements Tickets {
  readonly #held = new Set<Ticket>();
  readonly #now: () => number;
  readonly #after: (delayMs: number) => Promise<void>;

  constructor(clock: { readonly now: () => number; readonly after: (delayMs: number) => Promise<void> }) {
    this.#now = clock.now;
    this.#after = clock.after;
  }

  /** Works as soon as there is a ticket for the user. Throws 503 where there is none for a minute. */
  async hold<T>(userId: UserId, work: () => Promise<T>): Promise<T> {
    return this.#hold(userId, work, WAIT_MS, () => this.#mayBegin() && this.#mayHold(userId));
  }

  /**
   * The same for a join that was let in before: it is kept waiting only where as many are under way as ever may be, of its
   * user or of all, and counts.
   */
  async holdAgain<T>(userId: UserId, work: () => Promise<T>): Promise<T> {
    return this.#hold(userId, work, WAIT_AGAIN_MS, () => this.#mayHold(userId));
  }

  async #hold<T>(userId: UserId, work: () => Promise<T>, waitMs: number, isFree: () => boolean): Promise<T> {
    const until = this.#now() + waitMs;
    while (!isFree()) {
      if (this.#now() >= until) throw unavailable('Too many rooms are being joined: try again');
      await this.#after(LOOK_MS);
    }
    const now = this.#now();
    const ticket = { userId, began: now, seen: now };
    this.#held.add(ticket);
    void this.#beat(ticket);
    try {
      return await work();
    } finally {
      this.#held.delete(ticket);
    }
  }

  async #beat(ticket: Ticket): Promise<void> {
    while (this.#held.has(ticket)) {
      await this.#after(BEAT_MS);
      ticket.seen = this.#now();
    }
  }

  #mayBegin(): boolean {
    const now = this.#now();
    return this.#there().filter(({ began }) => now - began < PATIENCE_MS).length < MAX_JOINS;
  }

  #mayHold(userId: UserId): boolean {
    const there = this.#there();
    return there.length < MAX_HELD && there.filter((ticket) => ticket.userId === userId).length < MAX_OF_USER;
  }

  /** The tickets whose holders are still there. */
  #there(): readonly Ticket[] {
    const now = this.#now();
    for (const ticket of this.#held) if (now - ticket.seen >= VANISHED_MS) this.#held.delete(ticket);
    return [...this.#held];
  }
}
