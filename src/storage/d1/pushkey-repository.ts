import { and, eq, ne } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import { encodeBase64 } from '../../matrix/crypto/base64.ts';
import { sha256 } from '../../matrix/crypto/sha256.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { PusherKey, PushkeyRegistry } from '../../push/set-pusher.ts';
import { pushkeys } from './pushkeys.schema.ts';

/** Far more than a telephone has users. */
const MAX_OTHERS = 100;

/** The table `pushkeys`. */
export function pushkeyRepository(database: D1Database): PushkeyRegistry {
  const db = drizzle(database);
  return {
    others: async (key) => {
      const rows = await db
        .select({ userId: pushkeys.userId, shard: pushkeys.shard })
        .from(pushkeys)
        .where(and(eq(pushkeys.place, placeOf(key)), ne(pushkeys.userId, key.userId)))
        .limit(MAX_OTHERS);
      return rows.map(({ userId, shard }) => ({ userId: userId as UserId, shard }));
    },
    add: async (key, shard) => {
      await db
        .insert(pushkeys)
        .values({ place: placeOf(key), userId: key.userId, shard })
        .onConflictDoNothing();
    },
    remove: async (key) => {
      await db.delete(pushkeys).where(and(eq(pushkeys.place, placeOf(key)), eq(pushkeys.userId, key.userId)));
    },
  };
}

const placeOf = ({ appId, pushkey }: PusherKey): string => encodeBase64(sha256(JSON.stringify([appId, pushkey])));
