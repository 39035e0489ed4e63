import { asc, gt } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { RoomId } from '../../matrix/ids/brands.ts';
import { rooms } from './rooms.schema.ts';

/** The rooms whose objects may be addressed, by their IDs: some behind one. */
export function roomPages(database: D1Database): (after: string, limit: number) => Promise<readonly RoomId[]> {
  const db = drizzle(database);
  return async (after, limit) => {
    const page = await db
      .select({ roomId: rooms.roomId })
      .from(rooms)
      .where(gt(rooms.roomId, after))
      .orderBy(asc(rooms.roomId))
      .limit(limit);
    return page.map(({ roomId }) => roomId as RoomId);
  };
}
