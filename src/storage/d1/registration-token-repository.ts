import { and, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { RegistrationTokens } from '../../accounts/ports.ts';
import { registrationTokens } from './registration-tokens.schema.ts';

/**
 * The table `registration_tokens`.
 * @param bootstrapToken makes the first administrator, once: its row is its use.
 */
export function registrationTokenRepository(
  database: D1Database,
  bootstrapToken: string | undefined,
): RegistrationTokens {
  const db = drizzle(database);
  const ensureBootstrap = async (token: string) => {
    if (bootstrapToken === undefined || token !== bootstrapToken) return;
    await db
      .insert(registrationTokens)
      .values({ token, usesAllowed: 1, completed: 0, expiresTs: null, admin: 1 })
      .onConflictDoNothing();
  };
  const usable = (token: string, now: number) =>
    and(
      eq(registrationTokens.token, token),
      or(isNull(registrationTokens.expiresTs), gt(registrationTokens.expiresTs, now)),
      or(isNull(registrationTokens.usesAllowed), lt(registrationTokens.completed, registrationTokens.usesAllowed)),
    );
  return {
    isValid: async (token, now) => {
      await ensureBootstrap(token);
      return (await db.select().from(registrationTokens).where(usable(token, now))).length > 0;
    },
    use: async (token, now) => {
      await ensureBootstrap(token);
      const [used] = await db
        .update(registrationTokens)
        .set({ completed: sql`${registrationTokens.completed} + 1` })
        .where(usable(token, now))
        .returning({ admin: registrationTokens.admin });
      return used === undefined ? undefined : { isAdmin: used.admin === 1 };
    },
  };
}
