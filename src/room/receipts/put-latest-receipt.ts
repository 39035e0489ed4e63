import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import { sightOf } from '../read/sight.ts';
import type { RoomContext } from '../room-context.ts';
import type { HistoryKey, ReceiptRow } from '../store.ts';
import { ownReceiptFault, putReceipt, type ReceiptFault } from './put-receipt.ts';
import { isJoined } from './receipt-edu.ts';

/** A user of ours has read several events. */
export interface LatestReceipt {
  readonly userId: UserId;
  readonly type: 'm.read' | 'm.read.private';
  /** Empty for an unthreaded receipt. */
  readonly threadId: string;
  readonly eventIds: readonly EventId[];
}

/** Where the receipt stands now, or why it does not. */
export type ReceiptOutcome =
  | { readonly eventId: EventId; readonly kept: ReceiptRow | undefined }
  | { readonly reason: 'not-in-room' | ReceiptFault };

/** Keeps a receipt for the latest of the events, in the order of the room; it never moves back. */
export function putLatestReceipt(ctx: RoomContext, receipt: LatestReceipt, ts: number): ReceiptOutcome {
  const { store } = ctx;
  const { eventIds, ...of } = receipt;
  if (!isJoined(store, of.userId)) return { reason: 'not-in-room' };
  const sight = sightOf(store, of.userId);
  let fault: ReceiptFault = 'unknown-event';
  let latest: { readonly row: ReceiptRow; readonly place: HistoryKey } | undefined;
  for (const eventId of eventIds) {
    const row = { ...of, eventId, ts, appservice: ctx.appservice };
    const event = store.events.get(eventId);
    const why = ownReceiptFault(store, sight, of.threadId, event);
    const place = event?.history;
    if (why !== undefined) fault = why;
    else if (place !== undefined && (latest === undefined || isAfter(place, latest.place))) latest = { row, place };
  }
  if (latest === undefined) return { reason: fault };
  const isKept = putReceipt(ctx, latest.row);
  const held = store.receipts.of(of.userId).find(({ type, threadId }) => type === of.type && threadId === of.threadId);
  return { eventId: held?.eventId ?? latest.row.eventId, kept: isKept ? latest.row : undefined };
}

const isAfter = (one: HistoryKey, other: HistoryKey): boolean =>
  one.anchor > other.anchor || (one.anchor === other.anchor && one.sub > other.sub);
