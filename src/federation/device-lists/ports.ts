import type { RoomId, UserId } from '../../matrix/ids/brands.ts';

/** Devices or cross-signing keys of a user of another server changed, of which the shards here are still to be told. */
export interface ChangedUser {
  /** `undefined`: of any user of the server. */
  readonly userId: UserId | undefined;
  /** Another one with each change of the user. */
  readonly seq: number;
  /** The rooms whose members do not know yet; `undefined`: all that the user is in. */
  readonly roomIds: readonly RoomId[] | undefined;
  /** Tries that did not reach everybody. */
  readonly attempt: number;
}

/** Synchronous. */
export interface ChangedUserStore {
  transaction(work: () => void): void;
  /** A change of the user, which takes the place of an earlier one. */
  note(userId: UserId | undefined, at: number): void;
  /** Of single users. */
  count(): number;
  forgetSingleUsers(): void;
  /** Those that are to be told by now, the oldest first. */
  due(now: number, limit: number): readonly ChangedUser[];
  /** Everybody knows; a change that came meanwhile stays. */
  remove(changed: ChangedUser): void;
  /** The same rooms, or fewer, are to be told at `at`; a change that came meanwhile stays as it is. */
  defer(changed: ChangedUser, roomIds: readonly RoomId[] | undefined, at: number): void;
  nextAt(): number | undefined;
}

/**
 * Tells the shards with members of rooms that these users are in.
 * @returns those of whom not everybody could be told, with the rooms that are left (`undefined`: all). Never rejects.
 */
export type TellShards = (
  changed: readonly ChangedUser[],
) => Promise<ReadonlyMap<ChangedUser, readonly RoomId[] | undefined>>;
