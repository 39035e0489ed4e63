import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { KnownRooms } from '../../federation/receive/ports.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import { LRU } from '../lru.ts';
import { rooms } from './rooms.schema.ts';

/** A room that was none of ours is asked for again after this: we may have joined it. */
const ABSENT_MS = 2_000;
const MAX_KNOWN = 20_000;

/** One per database and isolate: what one part of the Worker adds, the others must find at once. */
const instances = new WeakMap<D1Database, RoomVersions>();

export interface RoomVersions extends KnownRooms {
  /** The room has just been added: nobody shall go on believing that it is none of ours. */
  note(roomId: RoomId, version: string): void;
}

/** Reads the versions of our rooms from the table `rooms`; what was found once never changes. */
export function knownRooms(database: D1Database, now: () => number): RoomVersions {
  const held = instances.get(database) ?? readVersions(database, now);
  instances.set(database, held);
  return held;
}

function readVersions(database: D1Database, now: () => number): RoomVersions {
  const db = drizzle(database);
  const versions = new LRU<RoomId, string>(MAX_KNOWN);
  const absentUntil = new LRU<RoomId, number>(MAX_KNOWN);
  return {
    note: (roomId, version) => versions.set(roomId, version),
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
