import { getPublicKeyAsync } from '@noble/ed25519';

import { decodeBase64, encodeBase64 } from '../matrix/crypto/base64.ts';
import { allow, deny, type Result } from '../matrix/result.ts';
import type { SettingFault } from './check-settings.ts';
import { hasSeed, randomSeed, randomVersion, wrapKey, type StoredSigningKey } from './signing-key.ts';

/**
 * A new key is published for so long before it signs, and the key before it is current for as long after: twice the time
 * that settings are kept in isolates (contracts, section 8), of which every one signs with what it knows.
 */
const STEP_MS = 10_000;

const SEED_BYTES = 32;
const VERSION = 'This has to be 1 to 64 letters, digits or underscores.';
const KEY = 'This has to be the 32 bytes of an Ed25519 seed, in Base64.';
const ALGORITHM = 'This has to be ed25519.';

export const SIGNING_KEYS = ['signing.algorithm', 'signing.version', 'signing.key'] as const;

/** How far a rotation is. `published`: the new key is told to other servers. `signing`: it signs. `done`: the one before it is listed as old. */
type RotationStep = 'published' | 'signing' | 'done';

/** The newest key, and its rotation. Plain JSON. */
export interface SigningState {
  readonly step: RotationStep;
  readonly key_id: string;
  /** Unpadded Base64. */
  readonly public_key: string;
  /** Milliseconds; 0: the first key. */
  readonly signs_from_ts: number;
  /** The key before it, and when it is an old one. */
  readonly previous?: { readonly key_id: string; readonly expired_ts: number };
}

export interface KeyRotation {
  readonly next: StoredSigningKey;
  /** The key that it takes the place of, with the moment from which it is old. */
  readonly retired: { readonly keyId: string; readonly expiredTs: number };
}

export function newestKey(keys: readonly StoredSigningKey[]): StoredSigningKey {
  const newest = keys.find(({ isActive }) => isActive);
  if (newest === undefined) throw new Error('there is no signing key');
  return newest;
}

export function signingState(keys: readonly StoredSigningKey[], now: number): SigningState {
  const newest = newestKey(keys);
  const [before] = keys
    .filter(hasSeed)
    .flatMap(({ keyId, expiredTs }) => (expiredTs === undefined ? [] : [{ key_id: keyId, expired_ts: expiredTs }]))
    .sort((a, b) => b.expired_ts - a.expired_ts);
  return {
    step: stepOf(newest, before?.expired_ts, now),
    key_id: newest.keyId,
    public_key: newest.publicKey,
    signs_from_ts: newest.signsFromTs,
    ...(before === undefined ? {} : { previous: before }),
  };
}

function stepOf({ signsFromTs }: StoredSigningKey, expiredTs: number | undefined, now: number): RotationStep {
  if (now < signsFromTs) return 'published';
  return expiredTs !== undefined && now < expiredTs ? 'signing' : 'done';
}

/**
 * What the settings `signing.…` ask for: a version alone asks for a fresh key, a key alone for a fresh version.
 * @returns no rotation where they name the key that we have.
 */
export async function planRotation(
  given: Readonly<Record<string, unknown>>,
  keys: readonly StoredSigningKey[],
  { secret, now }: { readonly secret: string; readonly now: number },
): Promise<Result<KeyRotation | undefined, readonly SettingFault[]>> {
  const faults = faultsOf(given);
  if (faults.length > 0) return deny(faults);
  const version = given['signing.version'] as string | undefined;
  const key = given['signing.key'] as string | undefined;
  if (version === undefined && key === undefined) return allow(undefined);
  const newest = newestKey(keys);
  const seed = key === undefined ? undefined : seedOf(key);
  const publicKey = seed === undefined ? newest.publicKey : encodeBase64(await getPublicKeyAsync(seed));
  const keyId = version === undefined ? newest.keyId : `ed25519:${version}`;
  if (publicKey === newest.publicKey && keyId === newest.keyId) return allow(undefined);
  if (version !== undefined && keys.some((known) => known.keyId === keyId)) {
    const message = `There was a key ${keyId} before, which other servers have. A new key needs another version.`;
    return deny([{ key: 'signing.version', code: 'key-id-reused', message }]);
  }
  const wrapped = await wrapKey({ version: version ?? randomVersion(), seed: seed ?? randomSeed() }, secret);
  return allow({
    next: { ...wrapped, createdTs: now, signsFromTs: now + STEP_MS, expiredTs: undefined, isActive: true },
    retired: { keyId: newest.keyId, expiredTs: now + 2 * STEP_MS },
  });
}

/** All keys once a rotation is made. */
export function keysAfter(
  keys: readonly StoredSigningKey[],
  { next, retired }: KeyRotation,
): readonly StoredSigningKey[] {
  const before = keys.map((key) =>
    key.keyId === retired.keyId ? { ...key, isActive: false, expiredTs: retired.expiredTs } : key,
  );
  return [...before, next];
}

function faultsOf(given: Readonly<Record<string, unknown>>): readonly SettingFault[] {
  const checks = [
    {
      key: 'signing.algorithm',
      code: 'bad-algorithm',
      message: ALGORITHM,
      holds: (value: unknown) => value === 'ed25519',
    },
    { key: 'signing.version', code: 'bad-version', message: VERSION, holds: isVersion },
    { key: 'signing.key', code: 'bad-key', message: KEY, holds: isSeed },
  ];
  return checks.flatMap(({ key, code, message, holds }) =>
    given[key] === undefined || holds(given[key]) ? [] : [{ key, code, message }],
  );
}

const isVersion = (value: unknown) => typeof value === 'string' && /^[A-Za-z0-9_]{1,64}$/.test(value);
const isSeed = (value: unknown) => typeof value === 'string' && seedOf(value)?.byteLength === SEED_BYTES;
const seedOf = (text: string) => decodeBase64(text.trim());
