import type { MessageRow } from './messages.ts';
import type { Workspace } from './workspace.ts';

/** What Eyrie takes of one room and thread in one call. */
const MOST_EVENTS = 100;

/** Where somebody stands in a room or thread now, or why not. */
export interface Reading {
  readonly room: string;
  readonly thread: string;
  readonly event_id?: string;
  readonly reason?: string;
}

interface Result {
  readonly event_id?: string;
  readonly reason?: string;
}

/**
 * Says in one call that one of us has read messages, of any rooms and threads: of each the latest counts, in the order of
 * the room, which Eyrie knows. What is not sent yet nobody else can have read.
 */
export async function markRead(
  { database, homeserver }: Workspace,
  me: string,
  rows: readonly MessageRow[],
): Promise<readonly Reading[]> {
  const sent = rows.filter((row) => row.event_id !== null).toSorted((one, other) => one.ts - other.ts);
  const places = [...Map.groupBy(sent, ({ room_id: room, thread }) => JSON.stringify([room, thread ?? 'main']))];
  if (places.length === 0) return [];
  const receipts = places.map(([place, read]) => {
    const [room, thread] = JSON.parse(place) as [string, string];
    const ids = read.map(({ event_id: eventId }) => eventId);
    return { room_id: room, user_id: me, thread_id: thread, event_ids: ids.slice(-MOST_EVENTS) };
  });
  const body = { receipts };
  const { results } = await homeserver.call<{ results: readonly Result[] }>('POST', '/_eyrie/admin/v1/receipts', {
    body,
  });
  return receipts.map(({ room_id: room, thread_id: thread }, at) => {
    const { event_id: eventId, reason } = results[at] ?? {};
    if (eventId === undefined) return { room, thread, reason: reason ?? 'unknown' };
    const sql = 'INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?, ?)';
    database.run(sql, room, me, thread, eventId, Date.now());
    return { room, thread, event_id: eventId };
  });
}
