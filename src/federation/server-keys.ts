import { verifyKeyFromBase64, type VerifyKey } from '../matrix/crypto/ed25519.ts';
import { verifyJson } from '../matrix/crypto/signed-json.ts';
import type { ServerName } from '../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../matrix/json/json-value.ts';
import { allow, deny, type Result } from '../matrix/result.ts';

const MAX_KEYS = 200;
/** How far into the future an answer of a server is believed. Source: keys.yaml, `valid_until_ts`. */
export const MAX_VALIDITY_MS = 7 * 24 * 3_600_000;

/** A verify key of another server, as it is kept. Once verified it is kept for ever: old events need it. */
export interface RemoteKey {
  /** Algorithm and version, such as `ed25519:a1`. */
  readonly keyId: string;
  /** Unpadded Base64. */
  readonly publicKey: string;
  /** Until when (ms) the key is valid: what the server said, at most 7 days ahead; `expired_ts` for an old key. */
  readonly validUntil: number;
}

/**
 * Reads the answer of `/_matrix/key/v2/server` and checks that it is the server's own: its name, and a valid signature
 * with one of the keys that it lists; a signature with a listed key that does not verify spoils the whole.
 * @returns its keys, old ones included. Keys of unknown algorithms are left out.
 * Source: Server-Server API, "Publishing Keys".
 */
export function readServerKeys(
  answer: JsonObject,
  server: ServerName,
  now: number,
): Result<readonly RemoteKey[], string> {
  const { server_name: name, valid_until_ts: claimed, signatures } = answer;
  if (name !== server) return deny('the keys are of another server');
  if (typeof claimed !== 'number') return deny('valid_until_ts is missing');
  const validUntil = Math.min(claimed, now + MAX_VALIDITY_MS);
  const current = readKeys(answer['verify_keys'], () => validUntil);
  const old = readKeys(answer['old_verify_keys'], ({ expired_ts: expired }) =>
    typeof expired === 'number' ? Math.min(expired, now) : undefined,
  );
  if (current.size + old.size > MAX_KEYS) return deny(`more than ${MAX_KEYS} keys`);
  if (!isSelfSigned(answer, server, signatures, current)) return deny('not signed with one of its own keys');
  return allow(
    [...old, ...current].map(([keyId, { publicKey, validUntil: until }]) => ({ keyId, publicKey, validUntil: until })),
  );
}

interface ReadKey extends VerifyKey {
  readonly validUntil: number;
}

function readKeys(
  value: JsonValue | undefined,
  validity: (entry: JsonObject) => number | undefined,
): Map<string, ReadKey> {
  const keys = new Map<string, ReadKey>();
  for (const [keyId, entry] of Object.entries(isJsonObject(value) ? value : {})) {
    if (!/^ed25519:[a-zA-Z0-9_]{1,128}$/.test(keyId) || !isJsonObject(entry) || typeof entry['key'] !== 'string')
      continue;
    const key = verifyKeyFromBase64(entry['key']);
    const validUntil = validity(entry);
    if (key !== undefined && validUntil !== undefined) keys.set(keyId, { ...key, validUntil });
  }
  return keys;
}

function isSelfSigned(
  answer: JsonObject,
  server: ServerName,
  signatures: JsonValue | undefined,
  keys: ReadonlyMap<string, VerifyKey>,
): boolean {
  const own = isJsonObject(signatures) ? signatures[server] : undefined;
  const signedWith = Object.keys(isJsonObject(own) ? own : {}).filter((keyId) => keys.has(keyId));
  return (
    signedWith.length > 0 &&
    signedWith.every((keyId) => {
      const key = keys.get(keyId);
      return key !== undefined && verifyJson(answer, server, keyId, key);
    })
  );
}
