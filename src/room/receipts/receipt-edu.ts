import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { ReceiptRow, RoomStore } from '../store.ts';

type Receipt = ReceiptRow & { readonly roomId: RoomId };

/** Receipts of one user, room and thread replace each other. */
export function receiptKey({ roomId, userId, threadId }: Receipt): string {
  return `receipt ${roomId} ${userId} ${threadId}`;
}

/** Exactly one event, and always `data.ts`. Source: Server-Server API, "Receipts". */
export function receiptEdu({ roomId, userId, eventId, ts, threadId }: Receipt): JsonObject {
  const data = threadId === '' ? { ts } : { ts, thread_id: threadId };
  return { edu_type: 'm.receipt', content: { [roomId]: { 'm.read': { [userId]: { event_ids: [eventId], data } } } } };
}

export function isJoined(store: Pick<RoomStore, 'state' | 'stream'>, userId: UserId): boolean {
  const head = store.stream.head();
  return store.state
    .memberships(userId)
    .some(({ membership, fromPos, toPos }) => membership === 'join' && fromPos <= head && toPos > head);
}
