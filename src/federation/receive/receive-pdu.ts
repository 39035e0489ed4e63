import { eventIdOf } from '../../matrix/event/hashes.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import type { KeyRing } from '../key-ring.ts';
import { checkFormat } from './check-format.ts';
import { checkHashes } from './check-hashes.ts';
import { checkSender } from './check-sender.ts';
import { checkSignatures } from './check-signatures.ts';

export interface PduChecks {
  readonly serverName: ServerName;
  readonly keys: KeyRing;
}

export type CheckOutcome =
  | { readonly kind: 'checked'; readonly pdu: Pdu; readonly provisional: boolean }
  /** Nothing of it is kept, and nothing is remembered under its ID: the ID covers neither signatures nor content. */
  | { readonly kind: 'dropped'; readonly eventId: EventId | undefined; readonly reason: string }
  /** The key of this server cannot be fetched now. */
  | { readonly kind: 'unverified'; readonly pdu: Pdu; readonly server: ServerName };

/**
 * The half of the receipt pipeline that runs before the room, which then goes on with check 4 (`room/decide`).
 * Source: Server-Server API, "Checks performed on receipt of a PDU".
 */
export async function receivePdu(
  { serverName, keys }: PduChecks,
  rules: RoomVersionRules,
  json: JsonObject,
): Promise<CheckOutcome> {
  const format = checkFormat(rules, json);
  if (!format.ok) return { kind: 'dropped', eventId: idOfMalformed(rules, json), reason: format.reason };
  const pdu = format.value;
  const { eventId } = pdu;
  const sender = await checkSender(serverName, keys, rules, pdu);
  if (!sender.ok) return { kind: 'dropped', eventId, reason: sender.reason };
  const signatures = await checkSignatures(keys, rules, pdu);
  if (signatures.ok) return { kind: 'checked', ...checkHashes(rules, pdu) };
  const fault = signatures.reason;
  if (fault.kind === 'unavailable') return { kind: 'unverified', pdu, server: fault.server };
  return {
    kind: 'dropped',
    eventId,
    reason: `No valid signature of ${fault.servers.join(' or ') || 'anybody'} (${fault.why})`,
  };
}

/** For the answer: the sender knows what is no event to us by the ID that it has there. */
function idOfMalformed(rules: RoomVersionRules, json: JsonObject): EventId | undefined {
  try {
    const eventId = eventIdOf(rules, json);
    return eventId.ok ? eventId.value : undefined;
  } catch {
    // Redaction is defined for events only.
    return undefined;
  }
}
