import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 24;
const MAC_BYTES = 9;

/**
 * Access and refresh tokens: `eyrie_<shard>_<secret>`. The shard is named so that no authentication reads D1
 * (contracts, section 6), and the secret ends with a MAC over both: a token that somebody made up addresses no object
 * and costs no call (contracts, section 3, "No object for strangers").
 */
export interface SessionTokens {
  make(shard: string): string;
  /** The shard that a token names; `undefined` for what this server has not made. */
  shardOf(token: string): string | undefined;
}

/** @param secret the deployment's secret. */
export function createSessionTokens(secret: string): SessionTokens {
  const seal = (shard: string, random: Uint8Array): string => {
    const mac = createHmac('sha256', secret).update(`token\0${shard}\0`).update(random).digest();
    return Buffer.concat([random, mac.subarray(0, MAC_BYTES)]).toString('base64url');
  };
  return {
    make: (shard) => `eyrie_${shard}_${seal(shard, randomBytes(SECRET_BYTES))}`,
    shardOf: (token) => {
      const [, shard, given] = /^eyrie_([a-z0-9-]{1,32})_([A-Za-z0-9_-]{44})$/.exec(token) ?? [];
      if (shard === undefined || given === undefined) return undefined;
      const sealed = seal(shard, Buffer.from(given, 'base64url').subarray(0, SECRET_BYTES));
      return timingSafeEqual(Buffer.from(sealed), Buffer.from(given)) ? shard : undefined;
    },
  };
}
