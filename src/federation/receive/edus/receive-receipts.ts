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
  readonly roomId: RoomId;
  /** Applies its ACL to this server. */
  readonly origin: ServerName;
  readonly userId: UserId;
  readonly eventId: EventId;
  /** `undefined`: not of a thread. */
  readonly threadId: string | undefined;
  /** Milliseconds, as the sender claims. */
  readonly ts: number;
}

export interface ReceiptRooms {
  /** One that does not move forward, or of a user who is not in the room, changes nothing. */
  receive(receipt: RemoteReceipt): Promise<void>;
}

/** Read receipts of users of the sending server; all others are dropped. */
export function receiveReceipts(knownRooms: KnownRooms, rooms: ReceiptRooms): EduHandler {
  return async (origin, content) => {
    const receipts = readReceipts(origin, content).slice(0, MAX_RECEIPTS);
    const known = new Set<RoomId>();
    for (const roomId of new Set(receipts.map((receipt) => receipt.roomId))) {
      if ((await knownRooms.versionOf(roomId)) !== undefined) known.add(roomId);
    }
    for (const receipt of receipts) if (known.has(receipt.roomId)) await rooms.receive(receipt);
  };
}

function readReceipts(origin: ServerName, content: JsonValue): readonly RemoteReceipt[] {
  return Object.entries(isJsonObject(content) ? content : {}).flatMap(([room, types]) => {
    const roomId = parseRoomId(room);
    const read = isJsonObject(types) ? types['m.read'] : undefined;
    if (!roomId.ok || !isJsonObject(read)) return [];
    return Object.entries(read).flatMap(([user, receipt]) => {
      const userId = parseUserId(user);
      if (!userId.ok || userIdServer(userId.value) !== origin || !isJsonObject(receipt)) return [];
      return readReceipt(receipt).map((fields) => ({ roomId: roomId.value, origin, userId: userId.value, ...fields }));
    });
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
