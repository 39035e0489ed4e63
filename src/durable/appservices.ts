import { createAppservices, type Appservices } from '../appservice/appservices.ts';
import type { SecretWrapper } from '../appservice/ports.ts';
import type { Config, Env } from '../config.ts';
import { unwrapSecret, wrapSecret } from '../settings/wrap-secret.ts';
import { appserviceRepository } from '../storage/d1/appservice-repository.ts';

/** One per isolate: losing it, or having two, changes nothing. */
const cache = new WeakMap<D1Database, Appservices>();

/** The registrations of application services, for the Worker and for objects alike. */
export function appservicesOf(env: Env, config: Config): Appservices {
  const cached = cache.get(env.DB);
  if (cached !== undefined) return cached;
  const appservices = createAppservices({
    store: appserviceRepository(env.DB),
    secrets: hsTokenWrapper(config),
    serverName: config.serverName,
    now: Date.now,
  });
  cache.set(env.DB, appservices);
  return appservices;
}

const WRAPPED_FOR = 'eyrie hs_token';

export function hsTokenWrapper({ secret }: Pick<Config, 'secret'>): SecretWrapper {
  return {
    wrap: (text) => wrapSecret(secret, WRAPPED_FOR, new TextEncoder().encode(text)),
    unwrap: async (wrapped) => new TextDecoder().decode(await unwrapSecret(secret, WRAPPED_FOR, wrapped)),
  };
}
