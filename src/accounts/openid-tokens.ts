import { createHmac, timingSafeEqual } from 'node:crypto';

import { parseUserId } from '../matrix/ids/user-id.ts';
import type { UserId } from '../matrix/ids/brands.ts';

/** How long a token tells who its user is. */
export const OPENID_LIFE_MS = 3_600_000;

/** A user ID has at most 255 bytes. */
const FORMAT = /^openid_([A-Za-z0-9_-]{1,360})_([0-9a-z]{1,11})_([A-Za-z0-9_-]{43})$/;

/**
 * Tokens by which a user proves to another service who they are: user and end, and a MAC over both. So none is stored,
 * a made-up one costs no call, and none opens anything else here. Source: Client-Server API, "OpenID".
 */
export interface OpenIdTokens {
  make(userId: UserId, now: number): string;
  /** @returns whose it is; `undefined` for what this server has not made, or what has run out. */
  ownerOf(token: string, now: number): UserId | undefined;
}

/** @param secret the deployment's secret. */
export function createOpenIdTokens(secret: string): OpenIdTokens {
  const seal = (user: string, until: string): Buffer =>
    createHmac('sha256', secret).update(`openid\0${user}\0${until}`).digest();
  return {
    make: (userId, now) => {
      const user = Buffer.from(userId).toString('base64url');
      const until = (now + OPENID_LIFE_MS).toString(36);
      return `openid_${user}_${until}_${seal(user, until).toString('base64url')}`;
    },
    ownerOf: (token, now) => {
      const [, user = '', until = '', given = ''] = FORMAT.exec(token) ?? [];
      const mac = Buffer.from(given, 'base64url');
      const sealed = seal(user, until);
      if (mac.length !== sealed.length || !timingSafeEqual(mac, sealed)) return undefined;
      if (Number.parseInt(until, 36) <= now) return undefined;
      const parsed = parseUserId(Buffer.from(user, 'base64url').toString());
      return parsed.ok ? parsed.value : undefined;
    },
  };
}
