import { expect, test } from 'vitest';

import { signingKeyFromSeed } from '../../../src/matrix/crypto/ed25519.ts';
import type { ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import { listOldKey } from '../../../src/settings/old-key.ts';
import type { StoredSigningKey } from '../../../src/settings/signing-key.ts';

/** So many are listed at most: other servers may not read an answer with very many keys. */
const MOST = 100;

function aListedKey(number: number): StoredSigningKey {
  const seed = new Uint8Array(32).fill(number);
  const { keyId, publicKey } = signingKeyFromSeed(`ed25519:old_${number}`, seed);
  return { keyId, publicKey, wrappedSeed: '', createdTs: 1, signsFromTs: 0, expiredTs: 1_000, isActive: false };
}

/** Lists a key where so many are listed. */
function listWith(listed: readonly StoredSigningKey[], { keyId, publicKey }: StoredSigningKey, expiredTs: number) {
  const deps = {
    store: {
      read: async () => ({ revision: 1, rows: [] }),
      write: async () => true,
      claimName: async (name: ServerName) => name,
    },
    identity: { keys: async () => listed },
    now: () => 2_000,
  };
  return listOldKey(deps, '@admin:here.test' as UserId, { keyId, publicKey, expiredTs });
}

test('no more keys are listed than 100, which other servers read, and one that is listed can still be corrected', async () => {
  const listed = Array.from({ length: MOST }, (_, index) => aListedKey(index));
  const another = aListedKey(MOST);
  expect(await listWith(listed.slice(1), another, 1_000)).toMatchObject({ changed: true });
  await expect(listWith(listed, another, 1_000)).rejects.toMatchObject({
    errcode: 'EYRIE_INVALID_SETTING',
    extra: { errors: [{ key: 'key_id', code: 'too-many-keys' }] },
  });
  expect(await listWith(listed, aListedKey(0), 900)).toMatchObject({ changed: true });
});
