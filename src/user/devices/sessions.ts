import { sha256 } from '../../matrix/crypto/sha256.ts';
import { encodeBase64Url } from '../../matrix/crypto/base64.ts';
import { unknownToken } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { DeviceStore } from './device-store.ts';

export interface LoginInput {
  readonly userId: UserId;
  readonly isAdmin: boolean;
  readonly deviceId: string;
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
}

export const tokenHash = (token: string): string => encodeBase64Url(sha256(token));

/** Makes or re-uses a device and gives it new tokens; its old ones end. Source: Client-Server API, "Login". */
export function openSession(store: DeviceStore, input: LoginInput, now: number): void {
  const { userId, deviceId } = input;
  if (store.user(userId) === undefined) store.putUser({ userId, profile: {}, isAdmin: input.isAdmin });
  const held = store.device(userId, deviceId);
  store.removeTokensOfDevice(userId, deviceId);
  store.putDevice(userId, {
    deviceId,
    displayName: held?.displayName ?? input.initialDisplayName,
    lastSeenTs: now,
  });
  store.putToken({
    hash: tokenHash(input.accessToken),
    kind: 'access',
    userId,
    deviceId,
    expiresTs: input.expiresTs,
  });
  if (input.refreshToken === undefined) return;
  store.putToken({ hash: tokenHash(input.refreshToken), kind: 'refresh', userId, deviceId, expiresTs: undefined });
}

/** Whose token it is. Throws `M_UNKNOWN_TOKEN`, with `soft_logout` where it only ran out. */
export function sessionOf(store: DeviceStore, hash: string, now: number): Session {
  const token = store.token(hash);
  if (token === undefined || token.kind !== 'access') throw unknownToken('Unknown access token');
  if (token.expiresTs !== undefined && token.expiresTs <= now) {
    throw unknownToken('The access token has expired', { soft_logout: true });
  }
  const { userId, deviceId } = token;
  return { userId, deviceId, isAdmin: store.user(userId)?.isAdmin === true };
}

/**
 * Exchanges a refresh token, once: both old tokens of the device end. Throws `M_UNKNOWN_TOKEN`.
 * Source: Client-Server API, "Refreshing access tokens".
 */
export function refreshSession(
  store: DeviceStore,
  input: {
    readonly hash: string;
    readonly accessToken: string;
    readonly refreshToken: string;
    readonly expiresTs: number;
  },
): void {
  const token = store.token(input.hash);
  if (token === undefined || token.kind !== 'refresh') throw unknownToken('Unknown refresh token');
  const { userId, deviceId } = token;
  store.removeTokensOfDevice(userId, deviceId);
  const { expiresTs } = input;
  store.putToken({ hash: tokenHash(input.accessToken), kind: 'access', userId, deviceId, expiresTs });
  store.putToken({ hash: tokenHash(input.refreshToken), kind: 'refresh', userId, deviceId, expiresTs: undefined });
}
