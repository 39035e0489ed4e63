import { redactionApplies } from '../../matrix/auth/redaction-applies.ts';
import { redactPdu } from '../../matrix/event/redact.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { relationOf } from '../../matrix/event/relation.ts';
import { namedMedia } from '../named-media.ts';
import type { RoomContext } from '../room-context.ts';
import { authStateOf } from '../state/state-at.ts';
import type { StoredEvent } from '../store.ts';

/**
 * Whether a redaction can be applied now: its target is known and it may redact it. Until then it has no row in the
 * stream. Source: Room Version 3, "Handling redactions".
 */
function canApplyRedaction(ctx: RoomContext, redaction: Pick<StoredEvent, 'pdu' | 'before'>, target: Pdu): boolean {
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
function applyRedaction(ctx: RoomContext, target: StoredEvent, redaction: Pdu): void {
  const { store, rules, serverName } = ctx;
  if (target.redactedBy !== undefined) return;
  const { eventId, content } = target.pdu;
  store.events.update({ ...target, redactedBy: redaction.eventId, pdu: redactPdu(rules, target.pdu) });
  if (target.history !== undefined) {
    const relation = relationOf(target.pdu);
    const edited = relation?.relType === 'm.replace' ? relation.parentId : undefined;
    store.stream.append({ kind: 'redacted', eventId, media: namedMedia(content, serverName), edited });
  }
}

/** Once an event is stored: applies it, if it is a redaction, and the redactions that waited for it. */
export function applyHeldRedactions(ctx: RoomContext, event: StoredEvent): void {
  const { store } = ctx;
  const target = redactionTarget(ctx, event);
  if (target !== undefined) applyRedaction(ctx, target, event.pdu);
  for (const redactionId of store.events.redactionsOf(event.pdu.eventId)) {
    const held = store.events.get(redactionId);
    if (held?.status !== 'accepted' || !canApplyRedaction(ctx, held, event.pdu)) continue;
    if (held.history === undefined) {
      const pos = store.stream.append({ kind: 'event', eventId: redactionId });
      store.events.update({ ...held, pos, history: { anchor: pos, sub: 0 } });
    }
    const current = store.events.get(event.pdu.eventId);
    if (current !== undefined) applyRedaction(ctx, current, held.pdu);
  }
}
