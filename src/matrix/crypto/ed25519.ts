import { createPrivateKey, createPublicKey, sign, verify as verifyNative, type KeyObject } from 'node:crypto';

import { decodeBase64, encodeBase64 } from './base64.ts';

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const SEED_BYTES = 32;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** The field's prime 2^255 - 19; big-endian, as are the coordinates below, so that text compares as the numbers do. */
const PRIME = `7f${'ff'.repeat(30)}ed`;

/** The y coordinates of the points of order 1, 2, 4 and 8. */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  `${'00'.repeat(31)}01`,
  `7f${'ff'.repeat(30)}ec`,
  '00'.repeat(32),
  '05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826',
  '7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7',
]);

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
    sign: (data) => encodeBase64(sign(null, bytesOf(data), key)),
  };
}

const bytesOf = (data: string | Uint8Array) => (typeof data === 'string' ? Buffer.from(data) : data);

/**
 * Parses a public key once.
 * @returns `undefined` for what is not 32 bytes of Base64, and for points of small order or in a second encoding: NaCl,
 * which the specification refers to, refuses them, while BoringSSL finds one signature valid for every message
 * (seen in workerd 2026-10-23).
 */
export function verifyKeyFromBase64(publicKey: string): VerifyKey | undefined {
  const bytes = decodeBase64(publicKey);
  if (bytes === undefined || bytes.byteLength !== KEY_BYTES || isWeak(bytes)) return undefined;
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: 'der', type: 'spki' });
    return { publicKey: encodeBase64(bytes), key };
  } catch {
    return undefined;
  }
}

function isWeak(bytes: Uint8Array): boolean {
  const point = Uint8Array.from(bytes).reverse();
  // The highest bit is the sign of x.
  const y = Buffer.from(point.with(0, (point[0] ?? 0) & 0x7f)).toString('hex');
  return y >= PRIME || SMALL_ORDER.has(y);
}

/** Whether `signature` (Base64) is the key's over `data` (text: its UTF-8). Never throws. */
export function verify(key: VerifyKey, data: string | Uint8Array, signature: string): boolean {
  const bytes = decodeBase64(signature);
  if (bytes === undefined || bytes.byteLength !== SIGNATURE_BYTES) return false;
  return verifyNative(null, bytesOf(data), key.key, bytes);
}
