import { forbidden, invalidParam, notFound } from '../../matrix/error.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { sightOf, type Sight } from '../read/sight.ts';
import type { RoomContext } from '../room-context.ts';
import type { ReceiptRow, RoomStore, StoredEvent } from '../store.ts';
import { isJoined } from './receipt-edu.ts';

/**
 * Keeps a receipt under a new position, public or private. One for an event before the one that the user has read
 * already changes nothing. A fully-read marker is only checked here: it is the user's account data.
 * Of another server's user, one for an event that we do not know or that is of another thread, or of somebody who is not
 * in the room, is passed over.
 * Throws for a local user `M_FORBIDDEN` who is not in the room, `M_NOT_FOUND` for an event that they do not see,
 * `M_INVALID_PARAM` for one of another thread.
 * @returns whether it was kept.
 * Source: Client-Server API, "Receipts", "Fully read markers"; Server-Server API, "Receipts".
 */
export function putReceipt(ctx: RoomContext, receipt: ReceiptRow): boolean {
  const { store } = ctx;
  const isLocal = userIdServer(receipt.userId) === ctx.serverName;
  if (!isJoined(store, receipt.userId)) {
    if (isLocal) throw forbidden('You are not in this room');
    return false;
  }
  const event = store.events.get(receipt.eventId);
  if (isLocal) requireOwn(store, receipt, event);
  else if (!isOfKnownThread(store, receipt)) return false;
  const next = event?.history;
  if (next === undefined || receipt.type === 'm.fully_read') return false;
  const held = store.receipts
    .of(receipt.userId)
    .find(({ type, threadId }) => type === receipt.type && threadId === receipt.threadId);
  const old = held === undefined ? undefined : store.events.get(held.eventId)?.history;
  const isForward = old === undefined || next.anchor > old.anchor || (next.anchor === old.anchor && next.sub > old.sub);
  if (isForward) store.receipts.put(receipt, store.stream.takePosition());
  return isForward;
}

export type ReceiptFault = 'unknown-event' | 'other-thread';

/** Why a user of ours, with what they see, cannot have read an event. */
export function ownReceiptFault(
  store: RoomStore,
  sight: Pick<Sight, 'maySee'>,
  threadId: string,
  event: StoredEvent | undefined,
): ReceiptFault | undefined {
  if (event?.history === undefined || !sight.maySee(event)) return 'unknown-event';
  if (threadId === '') return undefined;
  const { eventId } = event.pdu;
  // A thread's root stands in the main timeline; clients mark it in its thread too.
  const thread = store.history.threadOf(eventId) ?? (threadId === eventId ? eventId : 'main');
  return thread === threadId ? undefined : 'other-thread';
}

function requireOwn(store: RoomStore, { userId, threadId }: ReceiptRow, event: StoredEvent | undefined): void {
  const fault = ownReceiptFault(store, sightOf(store, userId), threadId, event);
  if (fault === 'unknown-event') throw notFound('There is no such event in the room, or you may not see it');
  if (fault === 'other-thread') throw invalidParam('The event is not of that thread');
}

/** Each thread keeps a row: there are no more of them than there are events. That of the main timeline is believed. */
function isOfKnownThread(store: RoomStore, { eventId, threadId }: ReceiptRow): boolean {
  return threadId === '' || threadId === 'main' || threadId === eventId || store.history.threadOf(eventId) === threadId;
}
