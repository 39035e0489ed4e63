import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { RoomStore } from '../store.ts';
import { RANGE_ROWS } from './outgoing-ranges.ts';
import { goesTo } from './recipients.ts';

/** An event that a server was sent. */
export interface LastSent {
  readonly eventId: EventId;
  readonly roomVersion: string;
  /** When its sender made it (ms). */
  readonly ts: number;
  /** Its position in the room's stream, and of which epoch that is. */
  readonly pos: number;
  readonly epoch: string;
}

/** So far back it is looked. */
const MAX_ROWS = 2_000;

/**
 * The newest event of a user of ours, at `through` or before it, that was for the server. @returns `undefined` where there
 * is none in the last {@link MAX_ROWS} positions; `absent`: the server, or ours, is not in the room now.
 */
export function lastSentTo(
  store: RoomStore,
  {
    server,
    serverName,
    through,
  }: { readonly server: ServerName; readonly serverName: ServerName; readonly through: number },
): LastSent | 'absent' | undefined {
  const present = store.state.serversAt(store.stream.head());
  if (!present.includes(server) || !present.includes(serverName)) return 'absent';
  const first = Math.max(0, through - MAX_ROWS);
  for (let end = through; end > first; end -= RANGE_ROWS) {
    const rows = store.stream.range(Math.max(first, end - RANGE_ROWS), end, RANGE_ROWS);
    for (const row of rows.toReversed()) {
      const event = row.kind === 'event' ? store.events.get(row.eventId) : undefined;
      if (event === undefined || userIdServer(event.pdu.sender) !== serverName) continue;
      if (!goesTo(store, event, server, serverName)) continue;
      return {
        eventId: event.pdu.eventId,
        roomVersion: store.meta.roomVersion(),
        ts: event.pdu.originServerTs,
        pos: row.pos,
        epoch: store.meta.epoch(),
      };
    }
  }
  return undefined;
}
