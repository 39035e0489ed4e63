import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { RoomStore, StreamRow } from '../store.ts';

const MAX_EVENTS = 50;
/** Rows that are read at a time: after a join there is one for each member. */
const ROWS = 1_000;

/** What a range of the stream means to the projection in D1: at most 50 events; `to` is where the reading ended. */
export function projectedRange(store: RoomStore, from: number, to: number, serverName: ServerName) {
  const roomId = store.meta.roomId();
  const events = [];
  const memberships = [];
  let end = to;
  for (const row of rowsOf(store, from, to)) {
    if (row.kind === 'event') {
      if (events.length === MAX_EVENTS) {
        end = row.pos - 1;
        break;
      }
      const pdu = store.events.get(row.eventId)?.pdu;
      if (pdu === undefined) continue;
      const { eventId, type, sender, originServerTs } = pdu;
      events.push({ eventId, roomId, pos: row.pos, type, sender, originServerTs });
    } else if (row.kind === 'state' && row.type === 'm.room.member') {
      if (userIdServer(row.stateKey as UserId) !== serverName) continue;
      const content = row.eventId === undefined ? undefined : store.events.get(row.eventId)?.pdu.content;
      const membership = typeof content?.['membership'] === 'string' ? content['membership'] : 'leave';
      memberships.push({ roomId, userId: row.stateKey, membership, pos: row.pos });
    }
  }
  return { roomId, to: end, events, memberships };
}

function* rowsOf({ stream }: RoomStore, from: number, to: number): Generator<StreamRow, void> {
  for (let at = from; at < to;) {
    const rows = stream.range(at, to, ROWS);
    yield* rows;
    at = rows.length < ROWS ? to : (rows.at(-1)?.pos ?? to);
  }
}
