import { randomInt } from 'node:crypto';

import type { Account, AccountsDeps, NewSession } from './ports.ts';

/** Access tokens of clients that can refresh them. */
export const TOKEN_LIFE_MS = 3_600_000;

const DEVICE_ID_LENGTH = 10;

export interface SessionWish {
  readonly deviceId: string | undefined;
  readonly initialDisplayName: string | undefined;
  readonly wantsRefreshToken: boolean;
  /** An application service logs in as the user. */
  readonly byAppservice?: boolean;
  /** The OAuth 2.0 client that it is for. */
  readonly clientId?: string;
}

/** Gives a user a session on a device, new or known. Source: Client-Server API, "Login". */
export async function openSession(deps: AccountsDeps, account: Account, wish: SessionWish): Promise<NewSession> {
  const { userId, shard, isAdmin, isGuest } = account;
  const session = {
    userId,
    deviceId: wish.deviceId ?? newDeviceId(),
    accessToken: deps.sessionTokens.make(shard),
    refreshToken: wish.wantsRefreshToken ? deps.sessionTokens.make(shard) : undefined,
    expiresInMs: wish.wantsRefreshToken ? TOKEN_LIFE_MS : undefined,
  };
  await deps.sessions.open(shard, {
    userId,
    isAdmin,
    isGuest,
    deviceId: session.deviceId,
    accessToken: session.accessToken,
    ...(wish.byAppservice === true ? { byAppservice: true } : {}),
    ...(wish.clientId === undefined ? {} : { clientId: wish.clientId }),
    ...(wish.initialDisplayName === undefined ? {} : { initialDisplayName: wish.initialDisplayName }),
    ...(session.refreshToken === undefined ? {} : { refreshToken: session.refreshToken }),
    ...(session.expiresInMs === undefined ? {} : { expiresTs: deps.now() + session.expiresInMs }),
  });
  return session;
}

function newDeviceId(): string {
  return Array.from({ length: DEVICE_ID_LENGTH }, () => String.fromCodePoint(65 + randomInt(26))).join('');
}
