import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

import { decodeBase64, encodeBase64 } from '../matrix/crypto/base64.ts';

const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** Longer ones cost time before they are refused anyway. */
export const MAX_PASSWORD_BYTES = 512;

/**
 * Hashes a password with scrypt.
 * @param cost log2 of N.
 * @returns `scrypt$<cost>$<salt>$<key>`: the parameters stay with the hash, so that the cost can be raised.
 */
export async function hashPassword(password: string, cost: number): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return `scrypt$${cost}$${encodeBase64(salt)}$${encodeBase64(await derive(password, salt, cost))}`;
}

/** Whether a password fits a hash; takes as long for a wrong one as for the right one. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [algorithm, cost, salt, key] = hash.split('$');
  const saltBytes = decodeBase64(salt ?? '');
  const expected = decodeBase64(key ?? '');
  if (algorithm !== 'scrypt' || saltBytes === undefined || expected === undefined) return false;
  if (expected.byteLength !== KEY_BYTES || Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false;
  return timingSafeEqual(await derive(password, saltBytes, Number(cost)), expected);
}

function derive(password: string, salt: Uint8Array, cost: number): Promise<Buffer> {
  const N = 2 ** cost;
  const options = { N, r: BLOCK_SIZE, p: PARALLELIZATION, maxmem: 256 * N * BLOCK_SIZE };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
