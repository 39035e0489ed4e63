import type { Config, Env } from '../config.ts';
import { createSettings, type Settings } from '../settings/settings.ts';
import { storedKeys } from '../settings/signing-key.ts';
import type { RoomLimits } from '../rooms/room-limits.ts';
import type { Ageing } from '../storage/room-db/retention-repository.ts';
import { settingsRepository } from '../storage/d1/settings-repository.ts';
import { signingKeyRepository } from '../storage/d1/signing-key-repository.ts';
import { withinTime } from './within-time.ts';

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

/** Those who go by the settings of now wait for them no longer: what was read before, or nothing, counts then. */
const SOON_MS = 2_000;

/** Whoever comes while somebody reads, or after that failed, goes by what was read before. */
const READ_AGAIN_MS = 5_000;
const askedAt = new WeakMap<Pick<Settings, 'snapshot'>, number>();

/**
 * Has what was read last be no older than a snapshot may be, if it can: one call in five seconds waits for that, and
 * all do where a newer revision was heard of.
 */
export async function readSoon(
  settings: Pick<Settings, 'atHand' | 'latest' | 'revision' | 'snapshot'>,
  now: () => number = Date.now,
): Promise<void> {
  if (settings.atHand() !== undefined) return;
  const latest = settings.latest();
  const isNewest = latest !== undefined && latest.revision >= (settings.revision() ?? 0);
  if (isNewest && now() - (askedAt.get(settings) ?? -Infinity) < READ_AGAIN_MS) return;
  askedAt.set(settings, now());
  await withinTime(SOON_MS, settings.snapshot()).catch(() => {});
}

/** What messages of a room age by. */
export function ageingBy(settings: Pick<Settings, 'latest'>): Ageing {
  return { now: () => Date.now(), defaultDays: () => settings.latest()?.values['retention.default_days'] ?? 0 };
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
