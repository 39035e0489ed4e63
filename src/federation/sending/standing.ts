import type { Reachability, RefusedPdu, SendingStore } from './ports.ts';

/** How sending to a server stands, for an administrator. */
export interface Standing {
  readonly reachability: Reachability;
  /** Rooms that are behind with the server: at most 1,000 are counted. */
  readonly roomsWaiting: number;
  /** EDUs that are kept until the server has them. */
  readonly edusWaiting: number;
  /** When the server last took a transaction (ms). */
  readonly lastSuccess: number | undefined;
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
  edusWaiting: 0,
  lastSuccess: undefined,
  waitingSince: undefined,
  refusedCount: 0,
  refused: [],
};

/** @param refused how many of the refused PDUs to name. */
export function standingOf(store: SendingStore, refused: number): Standing {
  return {
    reachability: store.reachability(),
    roomsWaiting: store.cursors().length,
    edusWaiting: store.keptEdus.count(),
    lastSuccess: store.lastSuccess(),
    waitingSince: store.unconfirmed()?.ts,
    refusedCount: store.refusedCount(),
    refused: store.refused(refused),
  };
}
