import { forbidden } from '../../matrix/error.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import { decide } from '../decide/decide.ts';
import type { RoomContext } from '../room-context.ts';
import { requireLive } from '../lifecycle.ts';
import type { TransactionKey } from '../store.ts';
import { buildEvent, type EventDraft } from './build-event.ts';
import { checkOwnRedaction } from './check-redaction.ts';

export interface Sent {
  readonly eventId: EventId;
  /** The room's head after the event: what a later read can ask for. */
  readonly pos: number;
}

/**
 * Makes an event of a draft and commits it, in the transaction that is open: build, sign, authorise, persist.
 * Throws `M_FORBIDDEN` with the rule that refused it; the caller's transaction then rolls back.
 */
export function sendEvent(ctx: RoomContext, draft: EventDraft): Sent {
  requireLive(ctx.store.meta);
  checkOwnRedaction(ctx, draft);
  const pdu = buildEvent(ctx, draft);
  const verdict = decide(ctx, { pdu, origin: ctx.serverName, provisional: false });
  switch (verdict.kind) {
    case 'accepted':
    case 'known':
      return { eventId: pdu.eventId, pos: ctx.store.stream.head() };
    case 'rejected':
    case 'refused':
    case 'soft_failed':
      throw forbidden(`You may not do this in this room (${verdict.reason})`);
    case 'needs':
      throw new Error('a local event lacks its own parents');
  }
}

export interface SendInput {
  readonly draft: EventDraft;
  /** The same transaction is the same event. */
  readonly transaction?: TransactionKey;
}

/** {@link sendEvent}, once per client transaction ID. Source: Client-Server API, "Transaction identifiers". */
export function sendOnce(ctx: RoomContext, { draft, transaction }: SendInput): Sent {
  const { store } = ctx;
  if (transaction === undefined) return sendEvent(ctx, draft);
  const before = store.transactions.find(transaction);
  if (before !== undefined) return { eventId: before, pos: store.stream.head() };
  const sent = sendEvent(ctx, draft);
  store.transactions.put(transaction, sent.eventId, ctx.now);
  return sent;
}
