import type { Config, Env } from '../config.ts';
import { createSettings, type Settings } from '../settings/settings.ts';
import { storedKeys } from '../settings/signing-key.ts';
import type { RoomLimits } from '../rooms/room-limits.ts';
import { settingsRepository } from '../storage/d1/settings-repository.ts';
import { signingKeyRepository } from '../storage/d1/signing-key-repository.ts';

/** One per isolate and configuration: losing it, or having two, changes nothing. */
const cache = new WeakMap<D1Database, Map<Config['registration'], Settings>>();

/** The runtime settings, for the Worker and for objects alike. */
export function settingsOf(env: Env, config: Config): Settings {
  const { registration } = config;
  const ofDatabase = cache.get(env.DB) ?? new Map<Config['registration'], Settings>();
  cache.set(env.DB, ofDatabase);
  const cached = ofDatabase.get(registration);
  if (cached !== undefined) return cached;
  const fixed = registration === undefined ? {} : { 'registration.mode': registration };
  const { serverName, secret } = config;
  const identity = { serverName, secret, keys: () => storedKeys(signingKeyRepository(env.DB), secret, Date.now()) };
  const settings = createSettings(settingsRepository(env.DB), fixed, identity, Date.now);
  ofDatabase.set(registration, settings);
  return settings;
}

/** Which rooms of other servers users may be in. */
export const roomLimitsOf = (settings: Pick<Settings, 'snapshot'>) => async (): Promise<RoomLimits> => {
  const { values } = await settings.snapshot();
  return {
    maxPublicMembers: values['rooms.max_public_members'],
    encrypted: values['rooms.encrypted'],
    nonPrivate: values['rooms.non_private'],
  };
};
