import { getPublicKeyAsync } from '@noble/ed25519';

import { encodeBase64 } from '../matrix/crypto/base64.ts';
import { signingKeyFromSeed, type SigningKey } from '../matrix/crypto/ed25519.ts';
import { unwrapSecret, wrapSecret } from './wrap-secret.ts';

export interface StoredSigningKey {
  readonly keyId: string;
  /** Empty: only the public part is known. See {@link hasSeed}. */
  readonly wrappedSeed: string;
  readonly publicKey: string;
  readonly createdTs: number;
  /** From then on it signs, if no newer key does. */
  readonly signsFromTs: number;
  /** From then on it is an old key; may lie ahead. */
  readonly expiredTs: number | undefined;
  /** It is the newest. */
  readonly isActive: boolean;
}

/** Whether we have, or had, the key itself; others are only listed as old. */
export const hasSeed = ({ wrappedSeed }: Pick<StoredSigningKey, 'wrappedSeed'>): boolean => wrappedSeed !== '';

export interface SigningKeyStore {
  all(): Promise<readonly StoredSigningKey[]>;
  /** Keeps the key as the newest one, unless there is one already. */
  insertActive(key: StoredSigningKey): Promise<void>;
}

/** Keys that we publish besides those that sign. Source: Server-Server API, "Publishing Keys", `old_verify_keys`. */
export interface OldVerifyKey {
  readonly keyId: string;
  readonly publicKey: string;
  readonly expiredTs: number;
}

export interface ServerKeys {
  /** The key that signs now; made at the first need. */
  active(): Promise<SigningKey>;
  /** All keys as other servers are told of them now: the one that signs first, the one that will, those that did. */
  published(): Promise<{ readonly current: readonly SigningKey[]; readonly old: readonly OldVerifyKey[] }>;
}

interface HeldKey extends Omit<StoredSigningKey, 'wrappedSeed'> {
  /** Of one that has not expired. */
  readonly key: SigningKey | undefined;
}

export interface KeyOptions {
  readonly revision: () => Promise<number>;
  readonly requireName: () => Promise<void>;
  readonly now: () => number;
}

/** Where the revision could not be read, the keys that are held are used for so long. */
const PAUSE_MS = 5_000;

const SEED_BYTES = 32;
const WRAPPED_FOR = 'eyrie signing key';

/**
 * @param secret the deployment's secret, which wraps the seeds at rest.
 * @param requireName throws where the database is of a server with another name: nothing is signed then.
 * @param revision of the settings, at most 5 s old: a rotation raises it, and only then the keys are read again.
 */
export function createServerKeys(
  store: SigningKeyStore,
  secret: string,
  { revision, requireName, now }: KeyOptions,
): ServerKeys {
  // The value, never the promise: one request may not await the promise of another.
  let held: { readonly revision: number; readonly keys: readonly HeldKey[] } | undefined;
  let askAgainAt = 0;

  async function keys(): Promise<readonly HeldKey[]> {
    if (held !== undefined && now() < askAgainAt) return held.keys;
    try {
      const current = await revision();
      if (held === undefined || held.revision < current) {
        await requireName();
        const loaded = { revision: current, keys: await loadKeys(store, secret, now) };
        if (held === undefined || held.revision < current) held = loaded;
      }
    } catch (error) {
      // With D1 down nobody can have rotated the key, and rooms go on.
      if (held === undefined) throw error;
      askAgainAt = now() + PAUSE_MS;
    }
    return held.keys;
  }

  return {
    active: async () => signingAt(await keys(), now()),
    async published() {
      const all = await keys();
      const signing = signingAt(all, now());
      const isOld = ({ expiredTs }: HeldKey) => expiredTs !== undefined && expiredTs <= now();
      const current = all.flatMap((one) => (isOld(one) || one.key === undefined ? [] : [one.key]));
      return {
        current: [signing, ...current.filter(({ keyId }) => keyId !== signing.keyId)],
        old: all.flatMap(({ keyId, publicKey, expiredTs }) =>
          keyId === signing.keyId || expiredTs === undefined || expiredTs > now()
            ? []
            : [{ keyId, publicKey, expiredTs }],
        ),
      };
    },
  };
}

function signingAt(keys: readonly HeldKey[], now: number): SigningKey {
  const [signing] = keys
    .filter(({ key, signsFromTs }) => key !== undefined && signsFromTs <= now)
    .sort((a, b) => b.signsFromTs - a.signsFromTs);
  if (signing?.key === undefined) throw new Error('there is no key that signs');
  return signing.key;
}

async function loadKeys(store: SigningKeyStore, secret: string, now: () => number): Promise<readonly HeldKey[]> {
  const stored = await storedKeys(store, secret, now());
  const isOld = ({ expiredTs }: StoredSigningKey) => expiredTs !== undefined && expiredTs <= now();
  return Promise.all(
    stored.map(async (row) => ({
      ...row,
      key: isOld(row) || !hasSeed(row) ? undefined : await unwrapKey(row, secret),
    })),
  );
}

async function unwrapKey({ keyId, wrappedSeed, publicKey }: StoredSigningKey, secret: string): Promise<SigningKey> {
  const key = signingKeyFromSeed(keyId, await unwrapSecret(secret, WRAPPED_FOR, wrappedSeed));
  if (key.publicKey !== publicKey) throw new Error('the signing key does not fit its public key');
  return key;
}

/** Whether the newest key can be used. */
export async function canSign(keys: readonly StoredSigningKey[], secret: string): Promise<boolean> {
  const newest = keys.find(({ isActive }) => isActive);
  if (newest === undefined) return false;
  return unwrapKey(newest, secret).then(
    () => true,
    () => false,
  );
}

/** Every key that we ever had, and those that are only listed; the first is made here. */
export async function storedKeys(
  store: SigningKeyStore,
  secret: string,
  now: number,
): Promise<readonly StoredSigningKey[]> {
  const stored = await store.all();
  if (stored.some(({ isActive }) => isActive)) return stored;
  const first = await wrapKey({ version: randomVersion(), seed: randomSeed() }, secret);
  await store.insertActive({ ...first, createdTs: now, signsFromTs: 0, expiredTs: undefined, isActive: true });
  const kept = await store.all();
  if (!kept.some(({ isActive }) => isActive)) throw new Error('the signing key was not kept');
  return kept;
}

/** @param seed 32 bytes. */
export async function wrapKey(
  { version, seed }: { readonly version: string; readonly seed: Uint8Array },
  secret: string,
): Promise<Pick<StoredSigningKey, 'keyId' | 'wrappedSeed' | 'publicKey'>> {
  return {
    keyId: `ed25519:${version}`,
    wrappedSeed: await wrapSecret(secret, WRAPPED_FOR, seed),
    publicKey: encodeBase64(await getPublicKeyAsync(seed)),
  };
}

export const randomSeed = (): Uint8Array => crypto.getRandomValues(new Uint8Array(SEED_BYTES));

export const randomVersion = (): string =>
  encodeBase64(crypto.getRandomValues(new Uint8Array(6)))
    .replace(/[+/]/g, '_')
    .slice(0, 6);
