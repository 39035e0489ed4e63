import type { UserId } from '../../matrix/ids/brands.ts';
import { takeOne, type RateLimit } from '../../matrix/rate-limiter.ts';

/** Tries at passwords. Kept in the shard's storage: an eviction gives no guesser new tries. */
export interface PasswordTryStore {
  /** When all tries are free again, in milliseconds since the epoch; `undefined`: they are. */
  triesFreeAt(userId: UserId): number | undefined;
  putTriesFreeAt(userId: UserId, freeAt: number): void;
  clearTries(userId: UserId): void;
}

const LIMIT: RateLimit = { burst: 10, intervalMs: 10_000 };

/** Counts a try. @returns 0, or after how many milliseconds the next one is looked at. */
export function takePasswordTry(store: PasswordTryStore, userId: UserId, now: number): number {
  const { waitMs, fullAt } = takeOne(LIMIT, store.triesFreeAt(userId), now);
  if (waitMs === 0) store.putTriesFreeAt(userId, fullAt);
  return waitMs;
}
