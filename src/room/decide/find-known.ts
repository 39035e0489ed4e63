// Before check 4: whether this event has been decided already.
import { addSignatures } from '../../matrix/event/add-signatures.ts';
import { requiredSigners } from '../../matrix/event/check-signatures.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { losesContent } from '../retention/has-expired.ts';
import type { RoomContext } from '../room-context.ts';
import type { IncomingPdu, Verdict } from './verdict.ts';

/**
 * A decided event stays decided, and the signatures of further copies are merged. Two kinds are judged anew: an
 * outlier, of which only the auth events were looked at, and a provisional copy when an intact one comes
 * (contracts, section 4.5).
 */
export function findKnown(ctx: RoomContext, { pdu, provisional }: IncomingPdu): Verdict | undefined {
  const stored = ctx.store.events.get(pdu.eventId);
  if (stored === undefined || stored.after === undefined) return undefined;
  const isCut = stored.redactedBy !== undefined || losesContent(ctx.store, stored);
  if (stored.provisional && !provisional && !isCut) return undefined;
  if (!isCut && !stored.provisional) {
    const merged = addSignatures(stored.pdu, verifiedSignatures(ctx, pdu));
    if (merged.ok && merged.value !== stored.pdu) ctx.store.events.update({ ...stored, pdu: merged.value });
  }
  return { kind: 'known', eventId: pdu.eventId };
}

/** Only those that the Worker had to verify: others would let strangers fill an event up to the size limit. */
function verifiedSignatures(ctx: RoomContext, pdu: Pdu): JsonObject {
  const signatures = pdu.json['signatures'];
  if (!isJsonObject(signatures)) return {};
  const signers = requiredSigners(ctx.rules, pdu).flatMap(({ servers }) => servers);
  return Object.fromEntries(signers.map((server) => [server, signatures[server]]));
}
