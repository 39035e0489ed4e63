import type { DeviceList } from '../matrix/device-lists/device-list.ts';
import type { SigningKeyUsage } from '../matrix/crypto/cross-signing-key.ts';
import type { ServerName, UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';

export interface KeyQuery {
  readonly userId: UserId;
  /** Empty: all devices. */
  readonly deviceIds: readonly string[];
}

export interface PublishedDevices {
  readonly userId: UserId;
  readonly streamId: number;
  /** Public cross-signing keys, as JSON, with their signatures. */
  readonly signingKeys: Readonly<Partial<Record<SigningKeyUsage, string>>>;
  readonly devices: readonly {
    readonly deviceId: string;
    /** The identity keys, as JSON. */
    readonly json: string;
    readonly displayName: string | undefined;
  }[];
}

export interface KeyClaim {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly algorithm: string;
}

export interface ClaimedKey extends KeyClaim {
  readonly keyId: string;
  readonly json: string;
}

/** A signature that a user made of another's key, which nobody else sees. */
export interface OwnSignature {
  readonly of: { readonly userId: UserId; readonly key: string };
  readonly keyId: string;
  readonly signature: string;
}

/** Who asks. */
export interface KeyReader {
  readonly userId: UserId;
  readonly shard: string;
}

/** The shards that hold the keys of local users. */
export interface LocalKeys {
  /** Who does not exist, or was deactivated, is left out. */
  shardsOf(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, string>>;
  deactivatedAmong(userIds: readonly UserId[]): Promise<readonly UserId[]>;
  /** @param asker another server, which is told of later changes. */
  query(
    shard: string,
    queries: readonly KeyQuery[],
    asker: ServerName | undefined,
  ): Promise<readonly PublishedDevices[]>;
  signaturesOf(reader: KeyReader, of: readonly UserId[]): Promise<readonly OwnSignature[]>;
  claim(shard: string, claims: readonly KeyClaim[]): Promise<readonly ClaimedKey[]>;
}

/** Other servers, which answer for their users. `undefined`: the server could not be asked, or answers nonsense. */
export interface RemoteKeys {
  /** @param deviceKeys a map from user ID to a list of device IDs. @returns the whole answer. */
  query(server: ServerName, deviceKeys: JsonObject, timeoutMs: number): Promise<JsonObject | undefined>;
  /** @param oneTimeKeys a map from user ID to device ID to algorithm. @returns the `one_time_keys` of the answer. */
  claim(server: ServerName, oneTimeKeys: JsonObject, timeoutMs: number): Promise<JsonObject | undefined>;
}

/** What is kept of users of another server who share a room with us. */
export interface KeptLists {
  readonly users: ReadonlyMap<
    UserId,
    {
      readonly list: DeviceList | undefined;
      /** As far as the server told. */
      readonly isCurrent: boolean;
      /** By what it is seen that the room is shared. */
      readonly anchor: string;
    }
  >;
  /** When this was read; what the server tells of changes from then on counts. */
  readonly mark: { readonly instance: string; readonly change: number };
  /** The server did not answer lately. */
  readonly isAway: boolean;
}

export const NOTHING_KEPT: KeptLists = { users: new Map(), mark: { instance: '', change: 0 }, isAway: false };

/** Device lists of other servers' users. */
export interface RemoteLists {
  /** Whoever shares no room with us is missing. Never rejects: of whom it cannot be seen is missing too. */
  find(server: ServerName, userIds: readonly UserId[], reader: KeyReader, timeoutMs: number): Promise<KeptLists>;
  /** What the server told of users who share a room with us. Never rejects. */
  keep(
    server: ServerName,
    found: Pick<KeptLists, 'users' | 'mark'>,
    lists: ReadonlyMap<UserId, DeviceList>,
  ): Promise<void>;
}

export interface DeviceKeysDeps {
  readonly serverName: ServerName;
  readonly local: LocalKeys;
  readonly remote: RemoteKeys;
  readonly lists: RemoteLists;
}
