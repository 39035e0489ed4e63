import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { allow, deny, type Result } from '../result.ts';
import { verifyKeyFromBase64, type VerifyKey } from './ed25519.ts';

export type SigningKeyUsage = 'master' | 'self_signing' | 'user_signing';

/** A public key that signs the keys of users and devices. */
export interface CrossSigningKey {
  readonly json: JsonObject;
  /** `ed25519:` and the public key. */
  readonly keyId: string;
  /** Unpadded Base64, as its owner wrote it: the name by which signatures and verifications call it. */
  readonly publicKey: string;
  readonly verifyKey: VerifyKey;
}

/** Source: Client-Server API, "Cross-signing", `POST /keys/device_signing/upload`, `CrossSigningKey`. */
export function readCrossSigningKey(
  json: JsonValue | undefined,
  userId: string,
  usage: SigningKeyUsage,
): Result<CrossSigningKey, string> {
  if (!isJsonObject(json)) return deny('no object');
  if (json['user_id'] !== userId) return deny('not one of the user');
  const usages = json['usage'];
  if (!Array.isArray(usages) || !(usages as JsonValue[]).includes(usage)) return deny(`not for the usage ${usage}`);
  const named = isJsonObject(json['keys']) ? Object.entries(json['keys']) : [];
  const [keyId, publicKey] = named[0] ?? [];
  if (named.length !== 1 || keyId === undefined || typeof publicKey !== 'string' || keyId !== `ed25519:${publicKey}`) {
    return deny('not one key that is named ed25519: and itself');
  }
  const verifyKey = verifyKeyFromBase64(publicKey);
  return verifyKey === undefined ? deny('no Ed25519 key') : allow({ json, keyId, publicKey, verifyKey });
}
