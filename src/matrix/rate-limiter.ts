export interface RateLimit {
  /** How many may come at once. */
  readonly burst: number;
  /** One more is allowed after each of these. */
  readonly intervalMs: number;
}

/**
 * Counts one, by the generic cell rate algorithm: a bucket is one number, the time at which it is full again.
 * @param fullAt milliseconds; `undefined`: it is full.
 * @returns after how many milliseconds to try again (0: it is allowed), and the bucket after it.
 */
export function takeOne(
  { burst, intervalMs }: RateLimit,
  fullAt: number | undefined,
  now: number,
): { readonly waitMs: number; readonly fullAt: number } {
  // A clock that was set back must not lock anybody out for longer than an empty bucket takes to fill.
  const from = Math.min(Math.max(fullAt ?? now, now), now + burst * intervalMs);
  const waitMs = from + intervalMs - burst * intervalMs - now;
  return waitMs > 0 ? { waitMs, fullAt: from } : { waitMs: 0, fullAt: from + intervalMs };
}

/** What a limiter holds at most; then those that were used longest ago go. */
const MAX_KEYS = 20_000;

/** A bucket per key, in memory and bounded. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #fullAt = new Map<string, number>();

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  /** Counts one. @returns 0 if it is allowed, else after how many milliseconds to try again. */
  take(key: string, now: number): number {
    const { waitMs, fullAt } = takeOne(this.#limit, this.#fullAt.get(key), now);
    // Again at the end: the map is in the order of the last use.
    this.#fullAt.delete(key);
    this.#fullAt.set(key, fullAt);
    if (this.#fullAt.size > MAX_KEYS) this.#makeRoom(now);
    return waitMs;
  }

  #makeRoom(now: number): void {
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key);
    for (const key of this.#fullAt.keys()) {
      if (this.#fullAt.size <= MAX_KEYS / 2) return;
      this.#fullAt.delete(key);
    }
  }
}
