const FIRST_MS = 30_000;
const MAX_MS = 4 * 3_600_000;

/** Whether a server that is left alone was heard of meanwhile is looked at this often. */
const LOOK_AGAIN_MS = 300_000;

/** Parked events are tried again by time for this long; after it only when what they lack arrives, or by hand. */
const KEEP_TRYING_MS = 7 * 86_400_000;

export const firstRetryAt = (now: number): number => now + FIRST_MS;

/**
 * When an event is tried again.
 * @param attempts tries by time so far, the one that begins now included.
 * @returns milliseconds since the epoch; `undefined` when it has been tried long enough.
 */
export function nextRetryAt(parkedTs: number, attempts: number, now: number): number | undefined {
  return whileYoung(parkedTs, now + Math.min(FIRST_MS * 2 ** attempts, MAX_MS));
}

/**
 * When an event is tried again for which no server could be asked: each is left alone for now, the first of them until
 * `until`, or until it is heard of.
 */
export function retryAfterWait(parkedTs: number, until: number, now: number): number | undefined {
  return whileYoung(parkedTs, Math.min(Math.max(until, now + FIRST_MS), now + LOOK_AGAIN_MS));
}

const whileYoung = (parkedTs: number, at: number) => (at - parkedTs > KEEP_TRYING_MS ? undefined : at);
