import type { Reachability, RefusedPdu, SendingStore } from './ports.ts';

/** How sending to a server stands, for an administrator. */
export interface Standing {
  readonly reachability: Reachability;
  /** Rooms that are behind with the server: at most 1,000 are counted. */
  readonly roomsWaiting: number;
  /** Since when a transaction was not confirmed (ms). */
  readonly waitingSince: number | undefined;
  /** How many PDUs it refuses: at most 1,000 are kept. */
  readonly refusedCount: number;
  /** The newest of them. */
  readonly refused: readonly RefusedPdu[];
}

/** Of a server that never failed. */
export const UP: Reachability = { attempt: 0, until: 0, kind: 'up', reason: '' };

/** Of a server that was never sent anything. */
export const NOTHING_WAITS: Standing = {
  reachability: UP,
  roomsWaiting: 0,
  waitingSince: undefined,
  refusedCount: 0,
  refused: [],
};

/** @param refused how many of the refused PDUs to name. */
export function standingOf(store: SendingStore, refused: number): Standing {
  return {
    reachability: store.reachability(),
    roomsWaiting: store.cursors().length,
    waitingSince: store.unconfirmed()?.ts,
    refusedCount: store.refusedCount(),
    refused: store.refused(refused),
  };
}
