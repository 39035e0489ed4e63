const FIRST_MS = 30_000;
const MAX_MS = 4 * 3_600_000;

/** Parked events are tried again by time for this long; after it only when what they lack arrives, or by hand. */
const KEEP_TRYING_MS = 7 * 86_400_000;

export const firstRetryAt = (now: number): number => now + FIRST_MS;

/**
 * When an event is tried again.
 * @param attempts tries by time so far, the one that begins now included.
 * @returns milliseconds since the epoch; `undefined` when it has been tried long enough.
 */
export function nextRetryAt(parkedTs: number, attempts: number, now: number): number | undefined {
  const at = now + Math.min(FIRST_MS * 2 ** attempts, MAX_MS);
  return at - parkedTs > KEEP_TRYING_MS ? undefined : at;
}
