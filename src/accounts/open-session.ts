import { randomBytes } from 'node:crypto';

import { encodeBase64Url } from '../matrix/crypto/base64.ts';
import type { Account, AccountsDeps, NewSession } from './ports.ts';

/** Access tokens of clients that can refresh them. */
export const TOKEN_LIFE_MS = 3_600_000;

export interface SessionWish {
  readonly deviceId: string | undefined;
  readonly initialDisplayName: string | undefined;
  readonly wantsRefreshToken: boolean;
}

/** A token names its user's shard, which holds its hash: checking one asks no database (contracts, section 6). */
export const newToken = (shard: string): string => `eyrie_${shard}_${encodeBase64Url(randomBytes(32))}`;

/** The shard that a token names; `undefined` for what is no token of ours. */
export function shardOfToken(token: string): string | undefined {
  return /^eyrie_([a-z0-9-]{1,32})_[A-Za-z0-9_-]{43}$/.exec(token)?.[1];
}

/** Gives a user a session on a device, new or known. Source: Client-Server API, "Login". */
export async function openSession(deps: AccountsDeps, account: Account, wish: SessionWish): Promise<NewSession> {
  const { userId, shard, isAdmin } = account;
  const session = {
    userId,
    deviceId: wish.deviceId ?? randomBytes(5).toString('hex').toUpperCase(),
    accessToken: newToken(shard),
    refreshToken: wish.wantsRefreshToken ? newToken(shard) : undefined,
    expiresInMs: wish.wantsRefreshToken ? TOKEN_LIFE_MS : undefined,
  };
  await deps.sessions.open(shard, {
    userId,
    isAdmin,
    deviceId: session.deviceId,
    accessToken: session.accessToken,
    ...(wish.initialDisplayName === undefined ? {} : { initialDisplayName: wish.initialDisplayName }),
    ...(session.refreshToken === undefined ? {} : { refreshToken: session.refreshToken }),
    ...(session.expiresInMs === undefined ? {} : { expiresTs: deps.now() + session.expiresInMs }),
  });
  return session;
}
