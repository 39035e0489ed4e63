import { lte } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { Nonces } from '../../accounts/ports.ts';
import { usedNonces } from './used-nonces.schema.ts';

/** The table `used_nonces`. */
export function nonceRepository(database: D1Database): Nonces {
  const db = drizzle(database);
  return {
    use: async (nonce, expiresTs, now) => {
      const [, used] = await db.batch([
        db.delete(usedNonces).where(lte(usedNonces.expiresTs, now)),
        db.insert(usedNonces).values({ nonce, expiresTs }).onConflictDoNothing().returning(),
      ]);
      return used.length > 0;
    },
  };
}
