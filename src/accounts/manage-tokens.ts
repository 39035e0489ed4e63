import { randomInt } from 'node:crypto';

import { invalidParam, notFound } from '../matrix/error.ts';
import type { UserId } from '../matrix/ids/brands.ts';

/** A registration token as an administrator sees it. */
export interface RegistrationToken {
  readonly token: string;
  /** `undefined`: any number. */
  readonly usesAllowed: number | undefined;
  /** Accounts made with it. */
  readonly completed: number;
  /** Milliseconds since the epoch; `undefined`: never. */
  readonly expiresTs: number | undefined;
}

/** Where registration tokens are. Each change is in the audit log, in the same transaction. */
export interface TokenStore {
  list(): Promise<readonly RegistrationToken[]>;
  /** @returns false if there is such a token. */
  add(token: Omit<RegistrationToken, 'completed'>, by: UserId, now: number): Promise<boolean>;
  /** @returns false if there was none. */
  remove(token: string, by: UserId, now: number): Promise<boolean>;
}

/** Source: Client-Server API, "Token-authenticated registration": opaque, at most 64 characters of this alphabet. */
const TOKEN = /^[A-Za-z0-9._~-]{1,64}$/;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const MADE_UP_LENGTH = 24;

export interface ManageTokensDeps {
  readonly tokens: TokenStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Makes a registration token, of random characters unless one is asked for. Throws `M_INVALID_PARAM` for one that
 * cannot be, is there already, or has run out before it was made.
 */
export async function makeToken(
  { tokens, now }: ManageTokensDeps,
  by: UserId,
  wish: { readonly token: string | undefined } & Pick<RegistrationToken, 'usesAllowed' | 'expiresTs'>,
): Promise<RegistrationToken> {
  const { token = madeUpToken(), usesAllowed, expiresTs } = wish;
  if (!TOKEN.test(token)) throw invalidParam('A token has 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -');
  if (expiresTs !== undefined && expiresTs <= now()) throw invalidParam('expires_ts is in the past');
  const isNew = await tokens.add({ token, usesAllowed, expiresTs }, by, now());
  if (!isNew) throw invalidParam('There is such a token already');
  return { token, usesAllowed, completed: 0, expiresTs };
}

/** Nobody can register with it any more. Throws `M_NOT_FOUND`. */
export async function removeToken({ tokens, now }: ManageTokensDeps, by: UserId, token: string): Promise<void> {
  if (!(await tokens.remove(token, by, now()))) throw notFound('There is no such token');
}

function madeUpToken(): string {
  return Array.from({ length: MADE_UP_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
