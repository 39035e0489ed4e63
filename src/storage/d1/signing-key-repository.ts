import { drizzle } from 'drizzle-orm/d1';

import type { SigningKeyStore } from '../../settings/signing-key.ts';
import { signingKeys } from './signing-keys.schema.ts';

/** The table `signing_keys`. */
export function signingKeyRepository(database: D1Database): SigningKeyStore {
  const db = drizzle(database);
  return {
    all: async () =>
      (await db.select().from(signingKeys)).map(({ active, expiredTs, ...key }) => ({
        ...key,
        expiredTs: expiredTs ?? undefined,
        isActive: active === 1,
      })),
    insertActive: async ({ isActive: _isActive, expiredTs: _expiredTs, ...key }) => {
      await db
        .insert(signingKeys)
        .values({ ...key, active: 1 })
        .onConflictDoNothing();
    },
  };
}
