import type { Config, Env } from '../config.ts';
import { createServerKeys, type ServerKeys } from '../settings/signing-key.ts';
import { settingsRepository } from '../storage/d1/settings-repository.ts';
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
  const revision = async () => {
    // Objects keep something of each timer, and this is asked for each event.
    const atHand = settings.atHand();
    if (atHand !== undefined) return atHand.revision;
    const snapshot = await withinTime(PATIENCE_MS, settings.snapshot());
    // The last one that was read stands in for one that could not be.
    if (settings.atHand() === undefined) throw new Error('the settings could not be read');
    return snapshot.revision;
  };
  // Said once, it holds for ever: a claim is a write.
  let isNamed = false;
  const requireName = async () => {
    if (isNamed) return;
    const claimed = await settingsRepository(env.DB).claimName(config.serverName);
    isNamed = claimed === config.serverName;
    if (isNamed) return;
    throw new Error(`the database is of ${claimed}, for ever: EYRIE_SERVER_NAME is ${config.serverName}`);
  };
  const options = { revision, requireName, now: Date.now };
  const keys = createServerKeys(signingKeyRepository(env.DB), config.secret, options);
  cache.set(env.DB, keys);
  return keys;
}
