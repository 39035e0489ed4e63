import type { HistoryKey, StoredEvent } from '../store.ts';

/**
 * A point in the history as a pagination token, `t<anchor>_<sub>`: it stands before the event that has this key, or
 * would have it. Clients see it as `prev_batch`, `start` and `end`.
 */
export function pointToken({ anchor, sub }: HistoryKey): string {
  return `t${anchor}_${sub}`;
}

/** @returns `undefined` for what is no such token. */
export function parsePointToken(token: string): HistoryKey | undefined {
  const match = /^t(\d{1,15})_(-?\d{1,15})$/.exec(token);
  return match === null ? undefined : { anchor: Number(match[1]), sub: Number(match[2]) };
}

/** The point right after an event: nothing lies between a key and the next `sub`. */
export function pointAfter({ anchor, sub }: HistoryKey): HistoryKey {
  return { anchor, sub: sub + 1 };
}

/** Where to page back from a timeline that begins with an event, or is empty and ends at a position. */
export function tokenBefore(first: StoredEvent | undefined, to: number): string {
  return pointToken(first?.history ?? { anchor: to, sub: 1 });
}
