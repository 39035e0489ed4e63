import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { KnownRooms } from '../../federation/receive/ports.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import { LRU } from '../lru.ts';
import { rooms } from './rooms.schema.ts';

/** A room that was none of ours is asked for again after this: we may have joined it. */
const ABSENT_MS = 2_000;
/** A version is final once we are in the room; of one that we were only invited to, a join may correct it. */
const KNOWN_MS = 30_000;
const MAX_KNOWN = 20_000;

/** One per database and isolate: what one part of the Worker adds, the others must find at once. */
const instances = new WeakMap<D1Database, RoomVersions>();

export interface RoomVersions extends KnownRooms {
  /** The room has just been added, or its version corrected: it is read anew. */
  forget(roomId: RoomId): void;
}

/** Reads the versions of our rooms from the table `rooms`. While that cannot be read, what was found before counts. */
export function knownRooms(database: D1Database, now: () => number): RoomVersions {
  const held = instances.get(database) ?? readVersions(database, now);
  instances.set(database, held);
  return held;
}

function readVersions(database: D1Database, now: () => number): RoomVersions {
  const db = drizzle(database);
  const versions = new LRU<RoomId, { readonly version: string; readonly until: number }>(MAX_KNOWN);
  const absentUntil = new LRU<RoomId, number>(MAX_KNOWN);

  async function read(roomId: RoomId, held: string | undefined): Promise<string | undefined> {
    try {
      const [row] = await db.select().from(rooms).where(eq(rooms.roomId, roomId)).limit(1);
      return row?.roomVersion;
    } catch (error) {
      if (held === undefined) throw error;
      return held;
    }
  }

  return {
    forget(roomId) {
      versions.delete(roomId);
      absentUntil.delete(roomId);
    },
    async versionOf(roomId) {
      const held = versions.get(roomId);
      if (held !== undefined && now() < held.until) return held.version;
      if (held === undefined && now() < (absentUntil.get(roomId) ?? 0)) return undefined;
      const version = await read(roomId, held?.version);
      if (version === undefined) absentUntil.set(roomId, now() + ABSENT_MS);
      else versions.set(roomId, { version, until: now() + KNOWN_MS });
      return version;
    },
  };
}
