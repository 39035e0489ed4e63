import { forbidden } from '../../matrix/error.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { pduFromStored } from '../../matrix/event/stored-pdu.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { decide } from '../decide/decide.ts';
import { checkOwnRelation } from '../relations/check-relation.ts';
import type { RoomContext } from '../room-context.ts';
import { requirePolicyAsked } from '../policy/policy-needed.ts';
import { requireLive } from '../lifecycle.ts';
import type { TransactionKey } from '../store.ts';
import { buildEvent, type EventDraft } from './build-event.ts';
import { checkOwnPowerLevels } from './check-power-levels.ts';
import { checkOwnRedaction } from './check-redaction.ts';

export interface Sent {
  readonly eventId: EventId;
  /** The room's head after the event: what a later read can ask for. */
  readonly pos: number;
}

/**
 * Makes an event of a draft and commits it, in the transaction that is open: build, sign, authorise, persist.
 * Throws `M_FORBIDDEN` with the rule that refused it, or `M_BAD_JSON`; the caller's transaction then rolls back.
 */
export function sendEvent(ctx: RoomContext, draft: EventDraft): Sent {
  requireLive(ctx.store.meta);
  checkOwnRedaction(ctx, draft);
  checkOwnPowerLevels(draft);
  checkOwnRelation(ctx.store, draft);
  const pdu = policedEvent(ctx, draft) ?? buildEvent(ctx, draft);
  const verdict = decide(ctx, { pdu, origin: ctx.serverName, provisional: false });
  requirePolicyAsked(verdict, pdu);
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

/** The event that was built of this draft before, while the policy server was asked. */
function policedEvent({ policed, rules, store }: RoomContext, draft: EventDraft): Pdu | undefined {
  const parsed = policed === undefined ? undefined : parseJson(policed.json);
  if (policed === undefined || parsed?.ok !== true || !isJsonObject(parsed.value)) return undefined;
  const pdu = pduFromStored(rules, store.meta.roomId(), policed.eventId, parsed.value);
  const { redacts } = draft;
  const content = redacts !== undefined && rules.redactsInContent ? { ...draft.content, redacts } : draft.content;
  const isOfDraft =
    pdu.type === draft.type &&
    pdu.sender === draft.sender &&
    pdu.stateKey === draft.stateKey &&
    pdu.redacts === redacts &&
    canonicalJson(pdu.content) === canonicalJson(content);
  return isOfDraft ? pdu : undefined;
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
