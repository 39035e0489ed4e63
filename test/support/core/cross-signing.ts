import { signingKeyFromSeed } from '../../../src/matrix/crypto/ed25519.ts';
import { signJson } from '../../../src/matrix/crypto/signed-json.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';

/** A key that signs keys, named by itself. */
export function aKeyPair() {
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const { publicKey } = signingKeyFromSeed('ed25519:name', seed);
  return signingKeyFromSeed(`ed25519:${publicKey}`, seed);
}

type KeyPair = ReturnType<typeof aKeyPair>;

/** A public cross-signing key, signed by the master key where it is not that itself. */
export function crossSigningKey(userId: string, usage: string, key: KeyPair, master?: KeyPair): JsonObject {
  const json = { user_id: userId, usage: [usage], keys: { [key.keyId]: key.publicKey } };
  return master === undefined ? json : signJson(json, userId, master);
}

/** A whole set, as a client that begins with cross-signing makes it. */
export function aCrossSigningSet({ userId }: { readonly userId: string }) {
  const [master, selfSigning, userSigning] = [aKeyPair(), aKeyPair(), aKeyPair()];
  return {
    master,
    selfSigning,
    userSigning,
    body: {
      master_key: crossSigningKey(userId, 'master', master),
      self_signing_key: crossSigningKey(userId, 'self_signing', selfSigning, master),
      user_signing_key: crossSigningKey(userId, 'user_signing', userSigning, master),
    },
  };
}
