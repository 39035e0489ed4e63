import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { EventId, RoomId } from '../../matrix/ids/brands.ts';
import { events } from './rooms.schema.ts';

/** Finds the room of an event in the projection, which follows the rooms within 2 s (contracts, section 8). */
export function roomOfEvent(database: D1Database): (eventId: EventId) => Promise<RoomId | undefined> {
  const db = drizzle(database);
  return async (eventId) => {
    const [row] = await db.select({ roomId: events.roomId }).from(events).where(eq(events.eventId, eventId)).limit(1);
    return row === undefined ? undefined : (row.roomId as RoomId);
  };
}
