import type { Config, Env } from '../config.ts';
import { createServerKeys, type ServerKeys } from '../settings/signing-key.ts';
import { signingKeyRepository } from '../storage/d1/signing-key-repository.ts';
import { settingsOf } from './settings.ts';
import { withinTime } from './within-time.ts';

/** One per isolate: losing it, or having two, changes nothing. */
const cache = new WeakMap<D1Database, ServerKeys>();

/** A room does not wait longer for a database that does not answer: it signs with the key that it has. */
const PATIENCE_MS = 2_000;

/** Our signing keys, for the Worker and for objects alike. */
export function serverKeysOf(env: Env, config: Config): ServerKeys {
  const cached = cache.get(env.DB);
  if (cached !== undefined) return cached;
  const settings = settingsOf(env, config);
  const revision = async () => (await withinTime(PATIENCE_MS, settings.snapshot())).revision;
  const keys = createServerKeys(signingKeyRepository(env.DB), config.secret, revision, Date.now);
  cache.set(env.DB, keys);
  return keys;
}
