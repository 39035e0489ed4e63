import { sha256 } from '../../matrix/crypto/sha256.ts';
import { encodeBase64Url } from '../../matrix/crypto/base64.ts';
import { forbidden, limitExceeded, unknownToken, userDeactivated, userLocked } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { DeviceStore, ShardUser, TokenRow } from './device-store.ts';
import { newUser } from './new-user.ts';

export interface LoginInput {
  readonly userId: UserId;
  /** Of a user who is new here; the shard knows the others better. */
  readonly isAdmin: boolean;
  /** Who is no guest any more is none in any session. */
  readonly isGuest: boolean;
  /** An application service logs in as the user. */
  readonly byAppservice?: boolean;
  readonly deviceId: string;
  /** The OAuth 2.0 client that it is for. */
  readonly clientId?: string;
  readonly initialDisplayName?: string;
  /** Made by the caller, which alone knows them; only their hashes are kept. */
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Milliseconds since the epoch; `undefined`: the token does not expire. */
  readonly expiresTs?: number;
}

export interface Session {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly isAdmin: boolean;
  readonly isLocked?: boolean;
  readonly isSuspended?: boolean;
  readonly isGuest?: boolean;
  /** Milliseconds since the epoch. */
  readonly expiresTs?: number;
}

export interface RefreshInput {
  /** Of the refresh token that is redeemed. */
  readonly hash: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresTs: number;
  /** The OAuth 2.0 client that redeems it: no other one may. */
  readonly clientId?: string;
}

/** Of many redemptions at once one succeeds: the others would each undo the one before. */
const REDEEM_AGAIN_AFTER_MS = 5_000;

/** An access token that has ended is remembered this long: its client is told to refresh, not that it is logged out. */
const REMEMBER_ENDED_MS = 24 * 3_600_000;

/** Whoever comes with a refresh token that was replaced so long ago at most ends its session. */
const REMEMBER_SPENT_MS = 7 * 24 * 3_600_000;

export const tokenHash = (token: string): string => encodeBase64Url(sha256(token));

/**
 * Makes or re-uses a device and gives it new tokens; its old ones end. Throws `M_USER_DEACTIVATED`,
 * `M_USER_LOCKED`, and `M_FORBIDDEN` to an application service that logs in as an administrator. Source: Client-Server API, "Login".
 * @returns whether the user was a guest until now, of which their rooms have to hear.
 */
export function openSession(store: DeviceStore, input: LoginInput, now: number): boolean {
  const { userId, deviceId } = input;
  const user = store.user(userId) ?? newUser(userId, input);
  if (user.isDeactivated) throw userDeactivated('This account has been deactivated');
  refuseLocked(user);
  // The list of accounts was asked before: the user may have become one since.
  if (user.isAdmin && input.byAppservice === true) throw forbidden('Administrators log in themselves');
  const isGuest = user.isGuest && input.isGuest;
  store.putUser({ ...user, isGuest });
  const held = store.device(userId, deviceId);
  store.removeTokensOfDevice(userId, deviceId);
  store.putDevice(userId, {
    deviceId,
    displayName: held?.displayName ?? input.initialDisplayName,
    lastSeenTs: now,
    lastSeenIp: held?.lastSeenIp,
    clientId: input.clientId,
    byAppservice: input.byAppservice === true,
  });
  const row = { userId, deviceId, parent: undefined, redeemedTs: undefined };
  store.putToken({ ...row, hash: tokenHash(input.accessToken), kind: 'access', expiresTs: input.expiresTs });
  if (input.refreshToken !== undefined) {
    store.putToken({ ...row, hash: tokenHash(input.refreshToken), kind: 'refresh', expiresTs: undefined });
  }
  return user.isGuest && !isGuest;
}

/** Whose token it is. Reads only. Throws `M_UNKNOWN_TOKEN`, with `soft_logout` where it only ran out. */
export function sessionOf(store: DeviceStore, hash: string, now: number): Session {
  const token = accessToken(store, hash);
  const { userId, deviceId, expiresTs } = token;
  if (expiresTs !== undefined && expiresTs <= now) {
    throw unknownToken('The access token has expired', { soft_logout: true });
  }
  const { isAdmin, isLocked, isSuspended, isGuest } = store.user(userId) ?? newUser(userId);
  const session = { userId, deviceId, isAdmin, isLocked, isSuspended, isGuest };
  return { ...session, ...(expiresTs === undefined ? {} : { expiresTs }) };
}

/** What holds for a user whom an application service acts as. */
export interface UserStanding {
  readonly hasDevice: boolean;
  readonly isDeactivated?: boolean;
  readonly isLocked?: boolean;
  readonly isSuspended?: boolean;
  readonly isGuest?: boolean;
}

export function userStanding(
  store: DeviceStore,
  { userId, deviceId }: { readonly userId: UserId; readonly deviceId: string },
): UserStanding {
  const { isDeactivated, isLocked, isSuspended, isGuest } = store.user(userId) ?? newUser(userId);
  const hasDevice = store.device(userId, deviceId) !== undefined;
  return { hasDevice, isDeactivated, isLocked, isSuspended, isGuest };
}

/** Whether {@link noteUse} has something to write. */
export function isUseNews(store: DeviceStore, hash: string, address: string | undefined, now: number): boolean {
  const token = accessToken(store, hash);
  const device = store.device(token.userId, token.deviceId);
  const isSeenFirst = device?.lastSeenIp === undefined && address !== undefined;
  return token.parent !== undefined || isSeenFirst || now - (device?.lastSeenTs ?? 0) >= SEEN_EVERY_MS;
}

/** When a device was last seen is written this often at most. */
const SEEN_EVERY_MS = 600_000;

/** An access token was used: what it came of and the ones before it end, and its device was seen. */
export function noteUse(store: DeviceStore, hash: string, address: string | undefined, now: number): void {
  const token = accessToken(store, hash);
  const device = store.device(token.userId, token.deviceId);
  if (device !== undefined) {
    store.putDevice(token.userId, { ...device, lastSeenTs: now, lastSeenIp: address ?? device.lastSeenIp });
  }
  if (token.parent === undefined) return;
  settle(store, token, token.parent, now);
  store.endOtherAccessTokens(token, now, now - REMEMBER_ENDED_MS);
}

/**
 * Redeems a refresh token. It stays valid until one of the new tokens is used, so that a client that lost the answer
 * may ask again; the new pair then replaces the lost one. Throws `M_UNKNOWN_TOKEN`, `M_USER_LOCKED`, and `M_LIMIT_EXCEEDED` for a second
 * redemption right after the first. Source: Client-Server API, "Refreshing access tokens", "Refresh token grant".
 * @returns the session that is to end, since somebody has a token of it that was replaced; `undefined`: none.
 */
export function refreshSession(
  store: DeviceStore,
  input: RefreshInput,
  now: number,
): Pick<TokenRow, 'userId' | 'deviceId'> | undefined {
  const old = store.token(input.hash);
  if (old?.kind === 'spent') return { userId: old.userId, deviceId: old.deviceId };
  if (old === undefined || old.kind !== 'refresh') throw unknownToken('Unknown refresh token');
  const { clientId } = input;
  if (clientId !== undefined && store.device(old.userId, old.deviceId)?.clientId !== clientId) {
    throw unknownToken('Unknown refresh token');
  }
  refuseLocked(store.user(old.userId));
  if (old.redeemedTs !== undefined) {
    const waitMs = old.redeemedTs + REDEEM_AGAIN_AFTER_MS - now;
    if (waitMs > 0) throw limitExceeded('This token was redeemed a moment ago', { retry_after_ms: waitMs });
    store.removeTokensOfParent(old);
  }
  if (old.parent !== undefined) settle(store, old, old.parent, now);
  store.putToken({ ...old, parent: undefined, redeemedTs: now });
  const { userId, deviceId } = old;
  const row = { userId, deviceId, parent: old.hash, redeemedTs: undefined };
  store.putToken({ ...row, hash: tokenHash(input.accessToken), kind: 'access', expiresTs: input.expiresTs });
  store.putToken({ ...row, hash: tokenHash(input.refreshToken), kind: 'refresh', expiresTs: undefined });
  return undefined;
}

/** Source: Client-Server API, "Account locking". */
function refuseLocked(user: Pick<ShardUser, 'isLocked'> | undefined): void {
  if (user?.isLocked === true) throw userLocked('This account has been locked');
}

/** One of a pair was used: the refresh token that they came of ends. */
function settle(store: DeviceStore, token: TokenRow, parent: string, now: number): void {
  const { userId, deviceId } = token;
  const old = store.token(parent);
  store.removeToken(parent);
  store.removeSpentTokens(token, now);
  if (old !== undefined && store.device(userId, deviceId)?.clientId !== undefined) {
    store.putToken({ ...old, kind: 'spent', expiresTs: now + REMEMBER_SPENT_MS });
  }
  store.clearParent(token);
}

function accessToken(store: DeviceStore, hash: string): TokenRow {
  const token = store.token(hash);
  if (token === undefined || token.kind !== 'access') throw unknownToken('Unknown access token');
  return token;
}
