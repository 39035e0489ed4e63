import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import type { PublishedRoom } from '../matrix/discovery/room-summary.ts';

/** A room as an administrator sees it in a list: what the projection last heard of it. */
export interface ListedRoom {
  readonly roomId: RoomId;
  readonly roomVersion: string;
  readonly isPublished: boolean;
  /** 0 for a room that we are not in. */
  readonly joinedMembers: number;
  readonly joinedLocalMembers: number;
  /** `undefined` for a room that was never joined here. */
  readonly summary: PublishedRoom | undefined;
  /** `undefined` also for one that nothing has happened in since this is kept. */
  readonly details: RoomDetails | undefined;
}

/** What else the rooms say of themselves. */
export interface RoomDetails {
  readonly encrypted: boolean;
  readonly tombstoned: boolean;
  /** With a joined user, the first 1,000; none of a room that we are not in. */
  readonly servers: readonly ServerName[];
}

export type RoomOrder = 'room_id' | 'joined_members';

/** Where a page ends. */
export interface RoomListKey {
  readonly joinedMembers: number;
  readonly roomId: string;
}

export interface RoomListFilter {
  /** Part of the name, topic or canonical alias. */
  readonly name?: string | undefined;
  /** A user of ours who is in the room. */
  readonly member?: UserId | undefined;
  /** A server with a joined user. */
  readonly server?: ServerName | undefined;
  /** Of these users of ours at least one has to be in the room. */
  readonly among?: readonly UserId[] | undefined;
}

/** All rooms that are known here, those that we are only invited to too. */
export interface RoomList {
  /** By ID, or those of most members first. `total` is of all that the filter lets through. */
  page(
    filter: RoomListFilter,
    page: { readonly order: RoomOrder; readonly after: RoomListKey | undefined; readonly limit: number },
  ): Promise<{ readonly rooms: readonly ListedRoom[]; readonly total: number }>;
  find(roomId: RoomId): Promise<ListedRoom | undefined>;
  /** Users of ours who are joined to some room. */
  joinedUsers(): Promise<readonly UserId[]>;
}
