import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { KnownRooms } from '../../federation/receive/ports.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import { LRU } from '../lru.ts';
import { rooms } from './rooms.schema.ts';

/** A room that was none of ours is asked for again after this: we may have joined it. */
const ABSENT_MS = 2_000;
const MAX_KNOWN = 20_000;

/** Reads the versions of our rooms from the table `rooms`; what was found once never changes. */
export function knownRooms(database: D1Database, now: () => number): KnownRooms {
  const db = drizzle(database);
  const versions = new LRU<RoomId, string>(MAX_KNOWN);
  const absentUntil = new LRU<RoomId, number>(MAX_KNOWN);
  return {
    async versionOf(roomId) {
      const known = versions.get(roomId);
      if (known !== undefined || now() < (absentUntil.get(roomId) ?? 0)) return known;
      const [row] = await db.select().from(rooms).where(eq(rooms.roomId, roomId)).limit(1);
      if (row === undefined) absentUntil.set(roomId, now() + ABSENT_MS);
      else versions.set(roomId, row.roomVersion);
      return row?.roomVersion;
    },
  };
}
