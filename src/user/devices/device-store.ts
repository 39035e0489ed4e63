import type { FoundUser } from '../../matrix/discovery/user-match.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { PasswordTryStore } from './password-tries.ts';

export interface Profile {
  readonly displayname?: string;
  readonly avatar_url?: string;
}

export interface ShardUser {
  readonly userId: UserId;
  readonly profile: Profile;
  readonly isAdmin: boolean;
  /** For ever. */
  readonly isDeactivated: boolean;
  /** May do nothing but log out. */
  readonly isLocked: boolean;
  /** May read and leave. */
  readonly isSuspended: boolean;
  /** May do little, and be only in rooms that admit guests. */
  readonly isGuest: boolean;
}

export interface Device {
  readonly deviceId: string;
  readonly displayName: string | undefined;
  /** Milliseconds since the epoch. */
  readonly lastSeenTs: number | undefined;
  readonly lastSeenIp: string | undefined;
  /** The OAuth 2.0 client that it belongs to; `undefined`: logged in otherwise. */
  readonly clientId: string | undefined;
  /** Whether an application service made it, or its session; `undefined`: it is from before that was kept. */
  readonly byAppservice: boolean | undefined;
}

export interface TokenRow {
  readonly hash: string;
  /** `spent`: a refresh token of an OAuth 2.0 client that another one replaced. */
  readonly kind: 'access' | 'refresh' | 'spent';
  readonly userId: UserId;
  readonly deviceId: string;
  /** Milliseconds since the epoch; `undefined`: never. */
  readonly expiresTs: number | undefined;
  /** Hash of the refresh token that it came of, until it or its sibling is used. */
  readonly parent: string | undefined;
  /** Of a refresh token: when it was last redeemed, in milliseconds since the epoch. */
  readonly redeemedTs: number | undefined;
}

export interface AccountDataRow {
  /** Empty for global account data. */
  readonly roomId: string;
  readonly type: string;
  readonly content: JsonObject;
  readonly seq: number;
}

/** Users, devices, tokens and account data of a shard. Synchronous. */
export interface DeviceStore extends PasswordTryStore {
  user(userId: UserId): ShardUser | undefined;
  putUser(user: ShardUser): void;
  /** Of all users of the shard that are neither deactivated nor guests. */
  profiles(): Iterable<FoundUser>;
  devices(userId: UserId): readonly Device[];
  device(userId: UserId, deviceId: string): Device | undefined;
  putDevice(userId: UserId, device: Device): void;
  /** With its tokens. */
  removeDevice(userId: UserId, deviceId: string): void;
  token(hash: string): TokenRow | undefined;
  putToken(token: TokenRow): void;
  removeToken(hash: string): void;
  /** Of the device's spent ones those that need not be known any more. */
  removeSpentTokens(device: Pick<TokenRow, 'userId' | 'deviceId'>, now: number): void;
  removeTokensOfDevice(userId: UserId, deviceId: string): void;
  /** Both tokens that came of a redemption of `token`. */
  removeTokensOfParent(token: TokenRow): void;
  /** `token` and its sibling stand on their own from now on. */
  clearParent(token: TokenRow): void;
  /** Ends the other access tokens of the token's device at `now`, and forgets those that ended before `forgetBefore`. */
  endOtherAccessTokens(token: TokenRow, now: number, forgetBefore: number): void;
  /** Account data and filters; the user's row stays. */
  removeDataOf(userId: UserId): void;
  accountData(userId: UserId, roomId: string, type: string): AccountDataRow | undefined;
  putAccountData(userId: UserId, row: AccountDataRow): void;
  accountDataAfter(userId: UserId, seq: number): readonly AccountDataRow[];
  /** Of one type, with any room. */
  accountDataOf(userId: UserId, type: string): readonly AccountDataRow[];
  /** All that the user keeps with a room. */
  accountDataIn(userId: UserId, roomId: RoomId): readonly AccountDataRow[];
  addFilter(userId: UserId, definition: string): number;
  filter(userId: UserId, filterId: number): string | undefined;
}
