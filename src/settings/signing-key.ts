import { getPublicKeyAsync } from '@noble/ed25519';

import { decodeBase64, encodeBase64 } from '../matrix/crypto/base64.ts';
import { signingKeyFromSeed, type SigningKey } from '../matrix/crypto/ed25519.ts';

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
const IV_BYTES = 12;

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
  const seed = await unwrap(secret, stored.wrappedSeed);
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
    wrappedSeed: await wrap(secret, seed),
    publicKey: encodeBase64(await getPublicKeyAsync(seed)),
    createdTs: Date.now(),
    expiredTs: undefined,
    isActive: true,
  };
}

async function wrappingKey(secret: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', new TextEncoder().encode(secret), 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: new TextEncoder().encode('eyrie signing key') },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

async function wrap(secret: string, seed: Uint8Array): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await wrappingKey(secret), seed);
  return encodeBase64(Buffer.concat([iv, Buffer.from(sealed)]));
}

/** Throws when the secret is not the one that the key was wrapped with. */
async function unwrap(secret: string, wrapped: string): Promise<Uint8Array> {
  const bytes = decodeBase64(wrapped);
  if (bytes === undefined) throw new Error('the stored signing key is damaged');
  const opened = await crypto.subtle.decrypt(
    { name: 'AES-GCM', iv: bytes.subarray(0, IV_BYTES) },
    await wrappingKey(secret),
    bytes.subarray(IV_BYTES),
  );
  return new Uint8Array(opened);
}
