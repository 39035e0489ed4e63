import type { Config, Env } from '../config.ts';
import { createServerKeys, type ServerKeys } from '../settings/signing-key.ts';
import { signingKeyRepository } from '../storage/d1/signing-key-repository.ts';

/** One per isolate: losing it, or having two, changes nothing. */
const cache = new WeakMap<D1Database, ServerKeys>();

/** Our signing keys, for the Worker and for objects alike. */
export function serverKeysOf(env: Env, config: Config): ServerKeys {
  const cached = cache.get(env.DB);
  if (cached !== undefined) return cached;
  const keys = createServerKeys(signingKeyRepository(env.DB), config.secret);
  cache.set(env.DB, keys);
  return keys;
}
