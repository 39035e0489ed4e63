import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';

/** A user's device list changed. */
export interface DeviceListChange {
  readonly userId: UserId;
  /** Rooms whose members are told; `undefined`: a user of the shard, whose rooms it knows. */
  readonly roomIds: readonly RoomId[] | undefined;
  /** The one user who is told; left out: whoever shares a room. */
  readonly viewer?: UserId;
  /** Members of other rooms were told of the same change before. */
  readonly isRest?: boolean;
}

/** Stands for the user's cross-signing keys where the ID of a device would. */
export const SIGNING_KEYS = '';

/** A change of one device, or of the user's cross-signing keys, that others are still to be told of. */
export interface OutgoingChange {
  readonly deviceId: string;
  /** Of the user's list after it. */
  readonly streamId: number;
  /** Of the shard. */
  readonly seq: number;
}

/** A room that a user with keys has joined, whose servers may not know the user's devices. */
export interface NewRoom {
  readonly roomId: RoomId;
  /** When (ms) to tell them. */
  readonly at: number;
}

/** Whose device lists changed, as far as users of the shard may have to hear of it. Synchronous. */
export interface DeviceListStore {
  /** How often the device list of a user of the shard has changed. */
  streamId(userId: UserId): number;
  /** Counts a change, or more. @returns how many there are now. */
  raise(userId: UserId, by?: number): number;
  putOutgoing(userId: UserId, change: OutgoingChange): void;
  /** Oldest first. */
  outgoing(userId: UserId): readonly OutgoingChange[];
  /** The stream ID of the last change of a device that others were told of; 0: none. */
  announced(userId: UserId): number;
  /** Others know of everything up to a `seq`. */
  dropOutgoing(userId: UserId, through: number): void;
  noteJoin(userId: UserId, join: NewRoom): void;
  /** Those whose servers are still to be told, the first ones first. */
  joins(userId: UserId): readonly NewRoom[];
  /** When (ms) the next is to be told of, if any. */
  nextJoinAt(userId: UserId): number | undefined;
  /** One that was noted anew stays. */
  dropJoins(userId: UserId, joins: readonly NewRoom[]): void;
  /** A server was told of the user's devices, as it asked; of 1,000 servers those count that were noted last. */
  track(userId: UserId, server: ServerName, at: number): void;
  /** Those that were noted since a time (ms). */
  trackers(userId: UserId, since: number): readonly ServerName[];
  isTracked(userId: UserId, server: ServerName, since: number): boolean;
  /** These, and those that were noted before a time (ms). */
  dropTrackers(userId: UserId, servers: readonly ServerName[], before: number): void;
  put(change: DeviceListChange, seq: number): void;
  /** Oldest first. @param limit left out: all. */
  changedAfter(seq: number, limit?: number): readonly (DeviceListChange & { readonly seq: number })[];
  /** A membership in the room changed. */
  noteMembers(roomId: RoomId, seq: number): void;
  /** Where one changed last, the last one first. */
  membersChangedLast(limit: number): readonly RoomId[];
  membersChangedAfter(seq: number): ReadonlySet<RoomId>;
  /** The `seq` of the newest change of any kind. */
  newest(): number;
  /** Of what changed up to here, something is forgotten. */
  forgottenThrough(): number;
}
