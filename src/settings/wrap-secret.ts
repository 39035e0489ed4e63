import { decodeBase64, encodeBase64 } from '../matrix/crypto/base64.ts';

const IV_BYTES = 12;

async function wrappingKey(secret: string, purpose: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', new TextEncoder().encode(secret), 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: new TextEncoder().encode(purpose) },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

/**
 * Wraps bytes for their rest in a database.
 * @param secret the deployment's. @param purpose keeps what is wrapped for one thing from being taken for another.
 */
export async function wrapSecret(secret: string, purpose: string, bytes: Uint8Array): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await wrappingKey(secret, purpose), bytes);
  return encodeBase64(Buffer.concat([iv, Buffer.from(sealed)]));
}

/** Throws when the secret is not the one that it was wrapped with. */
export async function unwrapSecret(secret: string, purpose: string, wrapped: string): Promise<Uint8Array> {
  const bytes = decodeBase64(wrapped);
  if (bytes === undefined) throw new Error(`the stored ${purpose} is damaged`);
  const opened = await crypto.subtle.decrypt(
    { name: 'AES-GCM', iv: bytes.subarray(0, IV_BYTES) },
    await wrappingKey(secret, purpose),
    bytes.subarray(IV_BYTES),
  );
  return new Uint8Array(opened);
}
