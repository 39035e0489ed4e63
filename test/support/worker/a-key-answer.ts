import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { signJson } from '../../../src/matrix/crypto/signed-json.ts';
import type { TestServer } from '../core/test-keys.ts';

/** What a server answers at `/_matrix/key/v2/server`, signed with its key unless `changes` come after. */
export function aKeyAnswer(
  server: TestServer,
  fields: { readonly validUntil?: number; readonly old?: JsonObject; readonly keyId?: string } = {},
): JsonObject {
  const { name, signingKey } = server;
  const { validUntil = Date.now() + 86_400_000, old = {}, keyId = signingKey.keyId } = fields;
  const key = { ...signingKey, keyId };
  const answer = {
    server_name: name,
    valid_until_ts: validUntil,
    verify_keys: { [keyId]: { key: signingKey.publicKey } },
    old_verify_keys: old,
  };
  return signJson(answer, name, key);
}
