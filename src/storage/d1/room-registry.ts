import { and, eq, ne } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { RoomId } from '../../matrix/ids/brands.ts';
import { LRU } from '../lru.ts';
import { knownRooms } from './known-rooms.ts';
import { roomSummaries } from './room-summaries.schema.ts';
import { rooms } from './rooms.schema.ts';

/** Rooms are never taken off the list, so what was seen there may be kept at hand. */
const KNOWN_ROOMS = 10_000;

export interface RoomRegistryRepository {
  has(roomId: RoomId): Promise<boolean>;
  add(roomId: RoomId, roomVersion: string): Promise<void>;
  setVersion(roomId: RoomId, roomVersion: string): Promise<void>;
  setPublished(roomId: RoomId, published: boolean): Promise<void>;
  isPublished(roomId: RoomId): Promise<boolean>;
}

/** The table `rooms`: which room objects may be addressed. */
export function roomRegistry(database: D1Database, now: () => number): RoomRegistryRepository {
  const db = drizzle(database);
  const known = new LRU<RoomId, true>(KNOWN_ROOMS);
  return {
    has: async (roomId) => {
      if (known.get(roomId) === true) return true;
      const rows = await db.select({ roomId: rooms.roomId }).from(rooms).where(eq(rooms.roomId, roomId));
      if (rows.length > 0) known.set(roomId, true);
      return rows.length > 0;
    },
    add: async (roomId, roomVersion) => {
      if (known.get(roomId) === true) return;
      await db
        .insert(rooms)
        .values({ roomId, roomVersion, createdTs: now(), published: 0, projectedPos: 0 })
        .onConflictDoNothing();
      known.set(roomId, true);
      // It may have been there, with the version that somebody claimed.
      knownRooms(database, now).forget(roomId);
    },
    setVersion: async (roomId, roomVersion) => {
      await db
        .update(rooms)
        .set({ roomVersion })
        .where(and(eq(rooms.roomId, roomId), ne(rooms.roomVersion, roomVersion)));
      knownRooms(database, now).forget(roomId);
    },
    setPublished: async (roomId, published) => {
      const set = { published: published ? 1 : 0 };
      await db.batch([
        db.update(rooms).set(set).where(eq(rooms.roomId, roomId)),
        db.update(roomSummaries).set(set).where(eq(roomSummaries.roomId, roomId)),
      ]);
    },
    isPublished: async (roomId) => {
      const [row] = await db.select({ published: rooms.published }).from(rooms).where(eq(rooms.roomId, roomId));
      return row?.published === 1;
    },
  };
}
