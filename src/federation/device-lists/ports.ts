import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';

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

/** What an EDU says of a user of its server. Plain JSON. */
export type DeviceListUpdate =
  | {
      readonly kind: 'device';
      readonly userId: UserId;
      readonly deviceId: string;
      readonly streamId: number;
      readonly prevIds: readonly number[];
      /** As `/keys/query` shows them; `undefined`: the device has none, or is gone. */
      readonly keys: JsonObject | undefined;
    }
  | {
      readonly kind: 'signing-keys';
      readonly userId: UserId;
      readonly master: JsonObject | undefined;
      readonly selfSigning: JsonObject | undefined;
    }
  /** Something changed, and the EDU does not say what in a form that can be relied on. */
  | { readonly kind: 'unclear'; readonly userId: UserId };

/** A list as it is kept. */
export interface StoredList {
  readonly userId: UserId;
  /** Of the list at its server; `undefined`: not known. */
  readonly streamId: number | undefined;
  /** It has not changed since, as far as the server told. */
  readonly isCurrent: boolean;
  /** When (ms) the server told the whole. */
  readonly checkedAt: number;
  readonly usedAt: number;
  /** When (ms) to fetch it again, if ever. */
  readonly resyncAt: number | undefined;
  /** Tries that failed. */
  readonly attempt: number;
  /** By what it is seen that a room has been shared ever since: theirs who ask. */
  readonly anchor: string;
  /** A {@link DeviceList}. */
  readonly json: string;
}

/** Synchronous. */
export interface DeviceListStore {
  transaction(work: () => void): void;
  get(userId: UserId): StoredList | undefined;
  put(list: StoredList): void;
  remove(userId: UserId): void;
  /** Those that are to be fetched by now, the oldest first. */
  due(now: number, limit: number): readonly StoredList[];
  nextResyncAt(): number | undefined;
  /** Removes those that were used longest ago, of more than these. */
  evict(max: { readonly rows: number; readonly bytes: number }): void;
}
