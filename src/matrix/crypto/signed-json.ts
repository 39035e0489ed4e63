import { canonicalJsonBytes } from '../json/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../json/json-value.ts';
import { verify, type SigningKey, type VerifyKey } from './ed25519.ts';

/** The bytes that are signed: everything but `signatures` and `unsigned`, which anybody may add to. */
export function signedBytes(json: JsonObject): Buffer {
  const { signatures: _signatures, unsigned: _unsigned, ...signed } = json;
  return canonicalJsonBytes(signed);
}

/**
 * Adds a signature of `signer` (a server name) to a JSON object; those that it carries are kept.
 * Source: Appendices, "Signing Details".
 */
export function signJson(json: JsonObject, signer: string, key: SigningKey): JsonObject {
  const signatures = isJsonObject(json['signatures']) ? json['signatures'] : {};
  const own = isJsonObject(signatures[signer]) ? signatures[signer] : {};
  const signature = key.sign(signedBytes(json));
  return { ...json, signatures: { ...signatures, [signer]: { ...own, [key.keyId]: signature } } };
}

/**
 * Whether the object carries a valid signature of `signer` with this key, under this key ID. One filed under another
 * algorithm than Ed25519 is none. Source: Appendices, "Checking for a Signature".
 */
export function verifyJson(json: JsonObject, signer: string, keyId: string, key: VerifyKey): boolean {
  if (!keyId.startsWith('ed25519:')) return false;
  const signatures = json['signatures'];
  const own = isJsonObject(signatures) ? signatures[signer] : undefined;
  const signature = isJsonObject(own) ? own[keyId] : undefined;
  return typeof signature === 'string' && verify(key, signedBytes(json), signature);
}
