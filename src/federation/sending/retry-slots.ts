import type { ServerName } from '../../matrix/ids/brands.ts';

/** In each of these one server is tried again. */
const SLOT_MS = 200;
/** Nobody waits longer than this for a free one: who would have to shares one with another. */
const MAX_WAIT_SLOTS = 3_000;
/** A try that comes later than this after its slot takes another one. */
const MAX_LATE_SLOTS = 300;
/** Where this many wait for theirs nobody waits for one any more. */
const MAX_TAKEN = 20_000;

/**
 * When servers that are down are tried again: those of one process one after the other. Where a thousand fail together
 * and their objects share a thread, their tries would come together again after each back-off, and after each restart.
 * In memory: what is lost with it is the order.
 */
export class RetrySlots {
  readonly #now: () => number;
  /** The number of the slot that each server took last. */
  readonly #slotOf = new Map<ServerName, number>();
  readonly #taken = new Set<number>();
  /** How many shared one: they are spread over all that might be waited for. */
  #sharers = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns the first time (ms) from `at` on that no other server has, or one that is shared, within ten minutes. */
  take(server: ServerName, at: number): number {
    this.#forgetPast();
    if (this.#slotOf.size >= MAX_TAKEN) return at;
    const slot = this.#freeFrom(Math.ceil(at / SLOT_MS));
    this.#taken.add(slot);
    this.#slotOf.set(server, slot);
    return slot * SLOT_MS;
  }

  #freeFrom(first: number): number {
    for (let slot = first; slot < first + MAX_WAIT_SLOTS; slot += 1) if (!this.#taken.has(slot)) return slot;
    this.#sharers += 1;
    return first + (this.#sharers % MAX_WAIT_SLOTS);
  }

  /**
   * When a server whose back-off has ended is to be tried: at once where it ended with the server's own slot, or nobody
   * has the present one.
   */
  turnOf(server: ServerName, until: number): number {
    const now = this.#now();
    this.#forgetPast();
    if (this.#slotOf.get(server) === until / SLOT_MS) return now;
    return Math.max(now, this.take(server, now - (now % SLOT_MS)));
  }

  #forgetPast(): void {
    const oldest = this.#now() / SLOT_MS - MAX_LATE_SLOTS;
    for (const [server, slot] of this.#slotOf) if (slot < oldest) this.#slotOf.delete(server);
    for (const slot of this.#taken) if (slot < oldest) this.#taken.delete(slot);
  }
}
