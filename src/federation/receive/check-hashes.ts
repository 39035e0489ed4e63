// Check 3: passes hash checks, otherwise it is redacted before being processed further.
import { contentHashHolds } from '../../matrix/event/hashes.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { redactPdu } from '../../matrix/event/redact.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';

/** @returns the event, or its redacted copy, which is provisional: the event ID does not cover the content. */
export function checkHashes(rules: RoomVersionRules, pdu: Pdu): { readonly pdu: Pdu; readonly provisional: boolean } {
  return contentHashHolds(pdu.json) ? { pdu, provisional: false } : { pdu: redactPdu(rules, pdu), provisional: true };
}
