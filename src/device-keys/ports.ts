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
  /** `undefined`: there is no such user, or it was deactivated. */
  shardOf(userId: UserId): Promise<string | undefined>;
  query(shard: string, queries: readonly KeyQuery[]): Promise<readonly PublishedDevices[]>;
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

export interface DeviceKeysDeps {
  readonly serverName: ServerName;
  readonly local: LocalKeys;
  readonly remote: RemoteKeys;
}
