import { signJson } from '../matrix/crypto/signed-json.ts';
import { verifyKeyFromBase64, type SigningKey, type VerifyKey } from '../matrix/crypto/ed25519.ts';
import type { ServerName } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';

/** Other servers ask again after this, or when they meet a key that they do not know. */
const VALIDITY_MS = 24 * 3_600_000;

/** Our keys as they are published. */
export interface PublishedKeys {
  /** Those that we sign with or are about to. At least one. */
  readonly current: readonly SigningKey[];
  readonly old: readonly { readonly keyId: string; readonly publicKey: string; readonly expiredTs: number }[];
}

/** Where our keys come from. */
export interface OwnKeys {
  published(): Promise<PublishedKeys>;
}

/** The signed answer of `/_matrix/key/v2/server`. Source: Server-Server API, "Publishing Keys". */
export function publishServerKeys(serverName: ServerName, { current, old }: PublishedKeys, now: number): JsonObject {
  const unsigned: JsonObject = {
    server_name: serverName,
    valid_until_ts: now + VALIDITY_MS,
    verify_keys: Object.fromEntries(current.map(({ keyId, publicKey }) => [keyId, { key: publicKey }])),
    old_verify_keys: Object.fromEntries(
      old.map(({ keyId, publicKey, expiredTs }) => [keyId, { key: publicKey, expired_ts: expiredTs }]),
    ),
  };
  return current.reduce((json, key) => signJson(json, serverName, key), unsigned);
}

/** Our own keys as a key ring asks for them. */
export const ownKeyLookup = (keys: OwnKeys) => async (keyId: string, validAt: number | undefined) =>
  ownVerifyKey(await keys.published(), keyId, validAt);

/** Our own verify key by its ID, as another server would find it. */
function ownVerifyKey(
  { current, old }: PublishedKeys,
  keyId: string,
  validAt: number | undefined,
): VerifyKey | undefined {
  const active = current.find((key) => key.keyId === keyId);
  if (active !== undefined) return verifyKeyFromBase64(active.publicKey);
  const expired = old.find((key) => key.keyId === keyId && (validAt === undefined || validAt <= key.expiredTs));
  return expired === undefined ? undefined : verifyKeyFromBase64(expired.publicKey);
}
