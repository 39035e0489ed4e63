import type { RoomId } from '../ids/brands.ts';

/** Where a notification stands in the list of a user's: the newest first, in whatever room it is. */
export interface NotificationPlace {
  /** When the event was received, in milliseconds since the epoch. */
  readonly ts: number;
  readonly roomId: RoomId;
  /** Of the event in its room's history. */
  readonly anchor: number;
}

/** @returns less than 0 where `a` stands before `b`. */
export function comparePlaces(a: NotificationPlace, b: NotificationPlace): number {
  if (a.ts !== b.ts) return b.ts - a.ts;
  if (a.roomId !== b.roomId) return a.roomId < b.roomId ? -1 : 1;
  return b.anchor - a.anchor;
}
