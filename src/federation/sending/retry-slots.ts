import type { ServerName } from '../../matrix/ids/brands.ts';

/** In each of these one server is tried again. */
const SLOT_MS = 200;
/** A try that comes later than this after its slot takes another one. */
const MAX_LATE_SLOTS = 300;
/** Where this many are taken nobody waits for a free one any more. */
const MAX_TAKEN = 20_000;

/**
 * When servers that are down are tried again: those of one process one after the other. Where a thousand fail together
 * and their objects share a thread, their tries would come together again after each back-off, and after each restart.
 * In memory: what is lost with it is the order.
 */
export class RetrySlots {
  readonly #now: () => number;
  /** By the number of the slot. */
  readonly #taken = new Map<number, ServerName>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns the first time (ms) from `at` on that no other server has. */
  take(server: ServerName, at: number): number {
    this.#forgetPast();
    if (this.#taken.size >= MAX_TAKEN) return at;
    let slot = Math.ceil(at / SLOT_MS);
    while (this.#taken.has(slot)) slot += 1;
    this.#taken.set(slot, server);
    return slot * SLOT_MS;
  }

  /**
   * When a server whose back-off has ended is to be tried: at once where it ended with the server's own slot, or nobody
   * has the present one.
   */
  turnOf(server: ServerName, until: number): number {
    const now = this.#now();
    if (this.#taken.get(until / SLOT_MS) === server) return now;
    return Math.max(now, this.take(server, now - (now % SLOT_MS)));
  }

  #forgetPast(): void {
    const oldest = this.#now() / SLOT_MS - MAX_LATE_SLOTS;
    for (const slot of this.#taken.keys()) if (slot < oldest) this.#taken.delete(slot);
  }
}
