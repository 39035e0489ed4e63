import type { RoomId, UserId } from '../../matrix/ids/brands.ts';

export interface UserRoom {
  readonly userId: UserId;
  readonly roomId: RoomId;
  readonly membership: string;
  readonly fromPos: number;
  readonly seq: number;
  readonly wasJoined: boolean;
  readonly forgotten: boolean;
  /** Whether it was somebody else who gave or ended the membership, as in a kick. */
  readonly byOther: boolean;
}

export interface MovedRoom {
  readonly roomId: RoomId;
  /** When the shard last heard of it, in milliseconds since the epoch. */
  readonly movedTs: number;
}

/** A room moved to `to`. */
export interface LogRow {
  readonly seq: number;
  readonly roomId: RoomId;
  readonly epoch: string;
  readonly to: number;
}

/** What a shard keeps of the rooms of its users. Synchronous. */
export interface ProgressStore {
  /** The newest `seq`, of whatever kind. */
  head(): number;
  /** Takes the next `seq`. */
  take(): number;
  /** The log behind `seq`, oldest first. */
  log(seq: number, limit: number): readonly LogRow[];
  append(seq: number, roomId: RoomId, pos: number, now: number): void;
  cursor(roomId: RoomId): { readonly epoch: string; readonly pos: number } | undefined;
  /** Positions of the cursors of all rooms of a user. */
  cursorsOf(userId: UserId): ReadonlyMap<RoomId, number>;
  setCursor(roomId: RoomId, epoch: string, pos: number): void;
  /** A new epoch: what the log says of the room means nothing any more. */
  forgetLog(roomId: RoomId): void;
  /** Whether a user of the shard is joined to the room. */
  hasJoined(roomId: RoomId): boolean;
  /** Users of the shard in a room, by membership. */
  usersIn(roomId: RoomId): readonly UserRoom[];
  room(userId: UserId, roomId: RoomId): UserRoom | undefined;
  isJoinedToOne(userId: UserId, roomIds: readonly RoomId[]): boolean;
  /** Whether a user is joined to a room that another user of the shard is joined or invited to. */
  sharesRoom(userId: UserId, other: UserId): boolean;
  roomsOf(userId: UserId): readonly UserRoom[];
  /** Whether a membership of the user changed after `seq`. */
  hasMovedSince(userId: UserId, seq: number): boolean;
  /** Those that the user is joined to, or has one of other memberships in, who moved last first. */
  roomsByMove(userId: UserId, limit: number, memberships?: readonly string[]): readonly MovedRoom[];
  /** Rooms of any user of the shard, who moved last first; those that are not among the newest of the log are left out. */
  roomsMovedLast(limit: number): readonly RoomId[];
  putRoom(room: UserRoom): void;
  /** Rooms whose log moved after `seq`. */
  movedAfter(seq: number): ReadonlySet<RoomId>;
  /** The newest position of a room at or before `seq`. */
  positionAt(roomId: RoomId, seq: number): number | undefined;
}
