import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';

export interface Profile {
  readonly displayname?: string;
  readonly avatar_url?: string;
}

export interface ShardUser {
  readonly userId: UserId;
  readonly profile: Profile;
  readonly isAdmin: boolean;
}

export interface Device {
  readonly deviceId: string;
  readonly displayName: string | undefined;
  /** Milliseconds since the epoch. */
  readonly lastSeenTs: number | undefined;
}

export interface TokenRow {
  readonly hash: string;
  readonly kind: 'access' | 'refresh';
  readonly userId: UserId;
  readonly deviceId: string;
  /** Milliseconds since the epoch; `undefined`: never. */
  readonly expiresTs: number | undefined;
}

export interface AccountDataRow {
  /** Empty for global account data. */
  readonly roomId: string;
  readonly type: string;
  readonly content: JsonObject;
  readonly seq: number;
}

/** Users, devices, tokens and account data of a shard. Synchronous. */
export interface DeviceStore {
  user(userId: UserId): ShardUser | undefined;
  putUser(user: ShardUser): void;
  devices(userId: UserId): readonly Device[];
  device(userId: UserId, deviceId: string): Device | undefined;
  putDevice(userId: UserId, device: Device): void;
  /** With its tokens. */
  removeDevice(userId: UserId, deviceId: string): void;
  token(hash: string): TokenRow | undefined;
  putToken(token: TokenRow): void;
  removeToken(hash: string): void;
  removeTokensOfDevice(userId: UserId, deviceId: string): void;
  accountData(userId: UserId, roomId: string, type: string): AccountDataRow | undefined;
  putAccountData(userId: UserId, row: AccountDataRow): void;
  accountDataAfter(userId: UserId, seq: number): readonly AccountDataRow[];
  addFilter(userId: UserId, definition: string): number;
  filter(userId: UserId, filterId: number): string | undefined;
}
