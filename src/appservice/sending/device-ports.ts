import type { RoomId, UserId } from '../../matrix/ids/brands.ts';

/** Whose device lists changed, and whose keys were taken, by a shard. */
export interface DeviceNews {
  /** Looked through up to here. */
  readonly seq: number;
  /** With the rooms whose members are told, or the one user who is. */
  readonly lists: readonly {
    readonly userId: UserId;
    readonly roomIds: readonly RoomId[];
    readonly viewer?: UserId;
  }[];
  /** Whose keys were taken; some may be in no namespace. */
  readonly used: readonly UserId[];
}

/** Who came into a room, or was there when it became one of interest, and who went. */
export interface RoomMoves {
  readonly came: readonly UserId[];
  readonly went: readonly UserId[];
}

/** What a device has left of keys that others use up. */
export interface DeviceKeyCounts {
  readonly userId: UserId;
  readonly deviceId: string;
  /** By algorithm. */
  readonly oneTimeKeys: Readonly<Record<string, number>>;
  /** Algorithms. */
  readonly unusedFallbackKeys: readonly string[];
}

/** What is to be told in a transaction. */
export interface ToldDeviceLists {
  readonly changed: readonly UserId[];
  readonly left: readonly UserId[];
}

/** News of devices that are in no transaction yet: for each user the last. Synchronous. */
export interface DeviceNewsStore {
  noteChanged(userIds: readonly UserId[]): void;
  /** They came into a room of interest, so that they have not left. */
  noteCame(userIds: readonly UserId[]): void;
  /** They went from a room of interest: whether they are in another one is to be found out. */
  noteWent(userIds: readonly UserId[]): void;
  /** Some of whom that is to be found out. */
  went(limit: number): readonly UserId[];
  /** It was: those who are in no other have left. */
  settle(stayed: readonly UserId[], left: readonly UserId[]): void;
  deviceLists(limit: number): ToldDeviceLists;
  removeDeviceLists(told: ToldDeviceLists): void;
  /** Users of a shard whose keys are to be counted. */
  noteUses(shard: string, userIds: readonly UserId[]): void;
  /** Those whose keys are, or all who have any, these first. */
  keyUsers(which: 'due' | 'all', limit: number): readonly { readonly userId: UserId; readonly shard: string }[];
  /** They were, of those who have devices with keys and of those who have none. */
  counted(having: readonly UserId[], without: readonly UserId[]): void;
  hasNews(): boolean;
  /** Those of these rooms in which what happens concerns the application service. */
  roomsOfInterest(roomIds: readonly RoomId[]): readonly RoomId[];
}

/** Who is asked. All reject where somebody does not answer. */
export interface DeviceDeps {
  readonly store: DeviceNewsStore;
  /** Who came into a room and who went. @param from `undefined`: who is there at `to` came. */
  readonly roomMoves: (query: {
    readonly roomId: RoomId;
    readonly from: number | undefined;
    readonly to: number;
  }) => Promise<RoomMoves>;
  /** Those of these users who are joined to a room that passes. */
  readonly stillIn: (
    userIds: readonly UserId[],
    passing: (roomIds: readonly RoomId[]) => readonly RoomId[],
  ) => Promise<ReadonlySet<UserId>>;
  readonly keyCounts: (shard: string, userIds: readonly UserId[]) => Promise<readonly DeviceKeyCounts[]>;
}
