import { and, eq, lt } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { RoomAlias, RoomId, UserId } from '../../matrix/ids/brands.ts';
import { aliases } from './rooms.schema.ts';

/** A reservation of a creation that never ended is free after this. */
const RESERVED_MS = 300_000;

export interface AliasRow {
  readonly roomId: RoomId;
  readonly creator: UserId;
}

/** The table `aliases`. */
export function aliasRepository(database: D1Database, now: () => number) {
  const db = drizzle(database);
  return {
    /** Only an active one. */
    find: async (alias: RoomAlias): Promise<AliasRow | undefined> => {
      const [row] = await db
        .select()
        .from(aliases)
        .where(and(eq(aliases.alias, alias), eq(aliases.state, 'active')));
      return row === undefined ? undefined : { roomId: row.roomId as RoomId, creator: row.creator as UserId };
    },
    /** @returns whether the alias was free. */
    reserve: async (alias: RoomAlias, roomId: RoomId, creator: UserId): Promise<boolean> => {
      const ts = now();
      await db
        .delete(aliases)
        .where(and(eq(aliases.alias, alias), eq(aliases.state, 'reserved'), lt(aliases.ts, ts - RESERVED_MS)));
      const made = await db
        .insert(aliases)
        .values({ alias, roomId, creator, state: 'reserved', ts })
        .onConflictDoNothing()
        .returning({ alias: aliases.alias });
      return made.length > 0;
    },
    activate: async (alias: RoomAlias): Promise<void> => {
      await db.update(aliases).set({ state: 'active' }).where(eq(aliases.alias, alias));
    },
    remove: async (alias: RoomAlias): Promise<void> => {
      await db.delete(aliases).where(eq(aliases.alias, alias));
    },
    /** All of a room. */
    removeOf: async (roomId: RoomId): Promise<void> => {
      await db.delete(aliases).where(eq(aliases.roomId, roomId));
    },
    /** Active ones of a room become another's. */
    moveTo: async (from: RoomId, to: RoomId): Promise<void> => {
      await db
        .update(aliases)
        .set({ roomId: to })
        .where(and(eq(aliases.roomId, from), eq(aliases.state, 'active')));
    },
    ofRoom: async (roomId: RoomId): Promise<readonly RoomAlias[]> => {
      const rows = await db
        .select({ alias: aliases.alias })
        .from(aliases)
        .where(and(eq(aliases.roomId, roomId), eq(aliases.state, 'active')));
      return rows.map(({ alias }) => alias as RoomAlias);
    },
  };
}
