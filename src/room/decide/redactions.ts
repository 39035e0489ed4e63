import { redactionApplies } from '../../matrix/auth/redaction-applies.ts';
import { redactPdu } from '../../matrix/event/redact.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { RoomContext } from '../room-context.ts';
import { authStateOf } from '../state/state-at.ts';
import type { StoredEvent } from '../store.ts';

/**
 * Whether a redaction can be applied now: its target is known and it may redact it. Until then it has no row in the
 * stream. Source: Room Version 3, "Handling redactions".
 */
export function canApplyRedaction(
  ctx: RoomContext,
  redaction: Pick<StoredEvent, 'pdu' | 'before'>,
  target: Pdu,
): boolean {
  if (redaction.before === undefined) return false;
  return redactionApplies(ctx.rules, redaction.pdu, target, authStateOf(ctx.store, redaction.before));
}

/** The event that a redaction names, when it is known and may be redacted by it. */
export function redactionTarget(
  ctx: RoomContext,
  redaction: Pick<StoredEvent, 'pdu' | 'before'>,
): StoredEvent | undefined {
  const { redacts } = redaction.pdu;
  if (redaction.pdu.type !== 'm.room.redaction' || redacts === undefined) return undefined;
  const target = ctx.store.events.get(redacts);
  return target !== undefined && canApplyRedaction(ctx, redaction, target.pdu) ? target : undefined;
}

/** Removes the content of an event, for good and from every later reader, and says so in the stream. */
export function applyRedaction(ctx: RoomContext, target: StoredEvent, redaction: Pdu): void {
  const { store, rules } = ctx;
  if (target.redactedBy !== undefined) return;
  store.events.update({ ...target, redactedBy: redaction.eventId, pdu: redactPdu(rules, target.pdu) });
  if (target.history !== undefined) store.stream.append({ kind: 'redacted', eventId: target.pdu.eventId });
}
