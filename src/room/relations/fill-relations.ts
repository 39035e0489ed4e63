import type { RoomStore } from '../store.ts';

/** Events of one turn. */
const CHUNK = 500;

/** The row up to which it was done. */
const FILLED = 'relations_filled';

/**
 * Gathers the relations of a room that was there before they were kept, a chunk at a time.
 * @returns whether there is more to do.
 */
export function fillRelations({ relations, events, meta }: RoomStore): boolean {
  const rows = relations.storedAfter(Number(meta.get(FILLED) ?? '0'), CHUNK);
  for (const { eventId } of rows) {
    const event = events.get(eventId);
    if (event !== undefined) relations.note(event);
  }
  const last = rows.at(-1);
  if (last !== undefined) meta.set(FILLED, String(last.row));
  return rows.length === CHUNK;
}
