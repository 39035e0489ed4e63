import { createPrivateKey, createPublicKey, sign, verify as verifyNative, type KeyObject } from 'node:crypto';

import { decodeBase64, encodeBase64 } from './base64.ts';

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const SEED_BYTES = 32;

export interface SigningKey {
  /** Algorithm and version, such as `ed25519:a1`. */
  readonly keyId: string;
  /** Unpadded Base64. */
  readonly publicKey: string;
  /** @returns the signature as unpadded Base64. */
  sign(data: string | Uint8Array): string;
}

export interface VerifyKey {
  /** Unpadded Base64. */
  readonly publicKey: string;
  readonly key: KeyObject;
}

/** Makes a signing key of a 32-byte seed. Throws for a seed of another length. */
export function signingKeyFromSeed(keyId: string, seed: Uint8Array): SigningKey {
  if (seed.byteLength !== SEED_BYTES) throw new Error('an Ed25519 seed has 32 bytes');
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const publicDer = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    keyId,
    publicKey: encodeBase64(publicDer.subarray(SPKI.byteLength)),
    sign: (data) => encodeBase64(sign(null, Buffer.from(data), key)),
  };
}

/** Parses a public key once. `undefined` for what is not 32 bytes of Base64. */
export function verifyKeyFromBase64(publicKey: string): VerifyKey | undefined {
  const bytes = decodeBase64(publicKey);
  if (bytes === undefined || bytes.byteLength !== 32) return undefined;
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: 'der', type: 'spki' });
    return { publicKey: encodeBase64(bytes), key };
  } catch {
    return undefined;
  }
}

/** Whether `signature` (Base64) is the key's over `data`. */
export function verify(key: VerifyKey, data: string | Uint8Array, signature: string): boolean {
  const bytes = decodeBase64(signature);
  if (bytes === undefined || bytes.byteLength !== 64) return false;
  return verifyNative(null, Buffer.from(data), key.key, bytes);
}
