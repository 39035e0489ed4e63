import { forbidden } from '../../matrix/error.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { RoomContext } from '../room-context.ts';
import type { ReceiptRow } from '../store.ts';

/**
 * Keeps a public receipt under a new position. One for an event before the one that the user has read already, or for
 * an event that we do not know, changes nothing. Throws `M_FORBIDDEN` for a local user who is not in the room; one of
 * another server is passed over. Source: Client-Server API, "Receipts"; Server-Server API, "Receipts".
 */
export function putReceipt(ctx: RoomContext, receipt: ReceiptRow): void {
  const { store } = ctx;
  const isIn = store.state
    .memberships(receipt.userId)
    .some(({ membership, toPos }) => membership === 'join' && toPos > store.stream.head());
  if (!isIn) {
    if (userIdServer(receipt.userId) === ctx.serverName) throw forbidden('You are not in this room');
    return;
  }
  const next = store.events.get(receipt.eventId)?.history;
  if (next === undefined) return;
  const held = store.receipts
    .of(receipt.userId)
    .find(({ type, threadId }) => type === receipt.type && threadId === receipt.threadId);
  const old = held === undefined ? undefined : store.events.get(held.eventId)?.history;
  const isForward = old === undefined || next.anchor > old.anchor || (next.anchor === old.anchor && next.sub > old.sub);
  if (isForward) store.receipts.put(receipt, store.stream.takePosition());
  return;
}
