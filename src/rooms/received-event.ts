import { badJson, invalidParam } from '../matrix/error.ts';
import { describeFormatFault } from '../matrix/event/format-fault.ts';
import { parsePdu } from '../matrix/event/format.ts';
import { contentHashHolds } from '../matrix/event/hashes.ts';
import type { Pdu } from '../matrix/event/pdu.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import type { EventId, RoomId, ServerName } from '../matrix/ids/brands.ts';
import { isJsonObject, type JsonValue } from '../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import type { PduChecker } from './ports.ts';

/** A membership event as another server hands it to us, and what its request says of it. */
export interface ReceivedMembership {
  readonly origin: ServerName;
  readonly roomId: RoomId;
  readonly eventId: EventId;
  readonly event: JsonValue | undefined;
}

/**
 * Reads a membership event that a server hands us by name: send_join, send_leave, invite. Its author hands it over, so
 * a content hash that does not fit is its fault and not a reason to redact.
 * Throws `M_BAD_JSON` or `M_INVALID_PARAM`. Signatures are another question: {@link requireSigned}.
 */
export function readMembership(
  rules: RoomVersionRules,
  { origin, roomId, eventId, event }: ReceivedMembership,
  membership: 'join' | 'leave' | 'invite' | 'knock',
): Pdu {
  if (!isJsonObject(event)) throw badJson('The event is not an object');
  const parsed = parsePdu(rules, event);
  if (!parsed.ok) throw invalidParam(`This is no event of the room's version: ${describeFormatFault(parsed.reason)}`);
  const pdu = parsed.value;
  if (pdu.eventId !== eventId) throw invalidParam('The event ID is not that of the event');
  if (pdu.roomId !== roomId) throw invalidParam('The event is of another room');
  if (pdu.type !== 'm.room.member' || pdu.content['membership'] !== membership) {
    throw invalidParam(`This is no ${membership} event`);
  }
  if (userIdServer(pdu.sender) !== origin) throw invalidParam('The sender is not a user of your server');
  if (!contentHashHolds(pdu.json)) throw invalidParam('The content hash does not fit the event');
  return pdu;
}

/** Throws `M_INVALID_PARAM` unless everybody who has to sign the event did, also where a key cannot be fetched now. */
export async function requireSigned(pdus: PduChecker, rules: RoomVersionRules, pdu: Pdu): Promise<void> {
  const [checked] = await pdus.check(rules, [pdu.json]);
  if (checked?.eventId !== pdu.eventId) throw invalidParam('A signature of the event is missing or cannot be verified');
}

/** The same of one server's signature alone. */
export async function requireSignedBy(
  pdus: PduChecker,
  rules: RoomVersionRules,
  pdu: Pdu,
  server: ServerName,
): Promise<void> {
  if (await pdus.isSignedBy(rules, pdu, server)) return;
  throw invalidParam('A signature of the event is missing or cannot be verified');
}
