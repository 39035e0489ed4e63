import { getPublicKeyAsync } from '@noble/ed25519';

import { encodeBase64 } from '../matrix/crypto/base64.ts';
import { signingKeyFromSeed, type SigningKey } from '../matrix/crypto/ed25519.ts';
import { unwrapSecret, wrapSecret } from './wrap-secret.ts';

export interface StoredSigningKey {
  readonly keyId: string;
  readonly wrappedSeed: string;
  readonly publicKey: string;
  readonly createdTs: number;
  readonly expiredTs: number | undefined;
  readonly isActive: boolean;
}

export interface SigningKeyStore {
  all(): Promise<readonly StoredSigningKey[]>;
  /** Keeps the key as the active one, unless there is one already. */
  insertActive(key: StoredSigningKey): Promise<void>;
}

/** Keys that we publish besides the active one. Source: Server-Server API, "Publishing Keys", `old_verify_keys`. */
export interface OldVerifyKey {
  readonly keyId: string;
  readonly publicKey: string;
  readonly expiredTs: number;
}

export interface ServerKeys {
  /** The key that signs; made at the first need. */
  active(): Promise<SigningKey>;
  old(): Promise<readonly OldVerifyKey[]>;
}

const SEED_BYTES = 32;
const WRAPPED_FOR = 'eyrie signing key';

/** @param secret the deployment's secret, which wraps the seed at rest. */
export function createServerKeys(store: SigningKeyStore, secret: string): ServerKeys {
  // The value, never the promise: one request may not await the promise of another.
  let active: SigningKey | undefined;
  return {
    active: async () => (active ??= await loadActive(store, secret)),
    old: async () =>
      (await store.all()).flatMap(({ keyId, publicKey, expiredTs }) =>
        expiredTs === undefined ? [] : [{ keyId, publicKey, expiredTs }],
      ),
  };
}

async function loadActive(store: SigningKeyStore, secret: string): Promise<SigningKey> {
  const find = async () => (await store.all()).find(({ isActive }) => isActive);
  let stored = await find();
  if (stored === undefined) {
    await store.insertActive(await makeKey(secret));
    stored = await find();
  }
  if (stored === undefined) throw new Error('the signing key was not kept');
  const seed = await unwrapSecret(secret, WRAPPED_FOR, stored.wrappedSeed);
  const key = signingKeyFromSeed(stored.keyId, seed);
  if (key.publicKey !== stored.publicKey) throw new Error('the signing key does not fit its public key');
  return key;
}

async function makeKey(secret: string): Promise<StoredSigningKey> {
  const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
  const version = encodeBase64(crypto.getRandomValues(new Uint8Array(6)))
    .replace(/[+/]/g, '_')
    .slice(0, 6);
  return {
    keyId: `ed25519:${version}`,
    wrappedSeed: await wrapSecret(secret, WRAPPED_FOR, seed),
    publicKey: encodeBase64(await getPublicKeyAsync(seed)),
    createdTs: Date.now(),
    expiredTs: undefined,
    isActive: true,
  };
}
