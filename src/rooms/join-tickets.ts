import { unavailable } from '../matrix/error.ts';
import type { Tickets } from './ports.ts';

/** Joins that count at once (contracts, section 9). */
const MAX_JOINS = 2;
/** A join that takes longer stops counting, so that slow servers keep nobody waiting; of all there are no more than 8. */
const PATIENCE_MS = 60_000;
const MAX_HELD = 8;
/** How long a user waits for a ticket, and how often it is looked for one. */
const WAIT_MS = 60_000;
const LOOK_MS = 250;
/** A holder says this often that it is there; the ticket of one that has not for so long is free. */
const BEAT_MS = 10_000;
const VANISHED_MS = 30_000;

interface Ticket {
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

  /** Works as soon as there is a ticket. Throws 503 where there is none for a minute. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    const until = this.#now() + WAIT_MS;
    while (!this.#isFree()) {
      if (this.#now() >= until) throw unavailable('Too many rooms are being joined: try again');
      await this.#after(LOOK_MS);
    }
    return this.holdNow(work);
  }

  /** Works at once, and counts: of a join that was let in before. */
  async holdNow<T>(work: () => Promise<T>): Promise<T> {
    const now = this.#now();
    const ticket = { began: now, seen: now };
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

  #isFree(): boolean {
    const now = this.#now();
    for (const ticket of this.#held) if (now - ticket.seen >= VANISHED_MS) this.#held.delete(ticket);
    const counting = [...this.#held].filter(({ began }) => now - began < PATIENCE_MS);
    return counting.length < MAX_JOINS && this.#held.size < MAX_HELD;
  }
}
