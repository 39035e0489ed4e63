import { randomBytes } from 'node:crypto';

import { signingKeyFromSeed, verifyKeyFromBase64, type SigningKey } from '../../../src/matrix/crypto/ed25519.ts';
import { signJson, verifyJson } from '../../../src/matrix/crypto/signed-json.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';

/** Whether one of these public keys, by their IDs, has signed in the name of the server. */
export function isSignedBy(
  json: Readonly<Record<string, unknown>>,
  server: string,
  keys: Readonly<Record<string, { readonly key: string }>>,
): boolean {
  return Object.entries(keys).some(([keyId, { key: publicKey }]) => {
    const key = verifyKeyFromBase64(publicKey);
    return key !== undefined && verifyJson(json as JsonObject, server, keyId, key);
  });
}

export const aSigningKey = (): SigningKey => signingKeyFromSeed('ed25519:0', randomBytes(32));

export const signedAs = (server: string, key: SigningKey, json: JsonObject): JsonObject => signJson(json, server, key);
