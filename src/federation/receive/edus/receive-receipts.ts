// m.receipt (Server-Server API, "Receipts")
import { parseEventId } from '../../../matrix/ids/event-id.ts';
import { parseRoomId } from '../../../matrix/ids/room-id.ts';
import { parseUserId, userIdServer } from '../../../matrix/ids/user-id.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../matrix/json/json-value.ts';
import type { EduHandler, KnownRooms } from '../ports.ts';

/** Rooms and users of one EDU that are looked at. */
const MAX_RECEIPTS = 500;
/** Some servers list several events; which of them is the newest, only the room can tell. */
const MAX_EVENTS = 10;

export interface RemoteReceipt {
  readonly userId: UserId;
  readonly eventId: EventId;
  /** `undefined`: not of a thread. */
  readonly threadId: string | undefined;
  /** Milliseconds, as the sender claims. */
  readonly ts: number;
}

export interface ReceiptRooms {
  /**
   * Those of one room, together. One that does not move forward, or of a user who is not in the room, changes nothing.
   * @param origin to this server the room applies its ACL.
   */
  receive(roomId: RoomId, origin: ServerName, receipts: readonly RemoteReceipt[]): Promise<void>;
}

/** Read receipts of users of the sending server; all others are dropped. */
export function receiveReceipts(knownRooms: KnownRooms, rooms: ReceiptRooms): EduHandler {
  return async (origin, content) => {
    let left = MAX_RECEIPTS;
    for (const [roomId, all] of readReceipts(origin, content)) {
      const receipts = all.slice(0, left);
      left -= receipts.length;
      if (receipts.length === 0 || (await knownRooms.versionOf(roomId)) === undefined) continue;
      await rooms.receive(roomId, origin, receipts);
    }
  };
}

function readReceipts(
  origin: ServerName,
  content: JsonValue,
): readonly (readonly [RoomId, readonly RemoteReceipt[]])[] {
  return Object.entries(isJsonObject(content) ? content : {}).flatMap(([room, types]) => {
    const roomId = parseRoomId(room);
    const read = isJsonObject(types) ? types['m.read'] : undefined;
    if (!roomId.ok || !isJsonObject(read)) return [];
    const receipts = Object.entries(read).flatMap(([user, receipt]) => {
      const userId = parseUserId(user);
      if (!userId.ok || userIdServer(userId.value) !== origin || !isJsonObject(receipt)) return [];
      return readReceipt(receipt).map((fields) => ({ userId: userId.value, ...fields }));
    });
    return [[roomId.value, receipts] as const];
  });
}

function readReceipt({
  event_ids: ids,
  data,
}: JsonObject): readonly Pick<RemoteReceipt, 'eventId' | 'threadId' | 'ts'>[] {
  if (!Array.isArray(ids) || !isJsonObject(data) || typeof data['ts'] !== 'number') return [];
  const { ts, thread_id: thread } = data;
  const threadId = typeof thread === 'string' ? thread : undefined;
  return (ids as readonly JsonValue[]).slice(-MAX_EVENTS).flatMap((id) => {
    const eventId = typeof id === 'string' ? parseEventId(id) : undefined;
    return eventId?.ok === true ? [{ eventId: eventId.value, threadId, ts }] : [];
  });
}
