// Check 1: is a valid event of its room version, otherwise it is dropped.
import { describeFormatFault } from '../../matrix/event/format-fault.ts';
import { parsePdu } from '../../matrix/event/format.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { deny, type Result } from '../../matrix/result.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';

export function checkFormat(rules: RoomVersionRules, json: JsonObject): Result<Pdu, string> {
  const parsed = parsePdu(rules, json);
  return parsed.ok ? parsed : deny(`Not a valid event: ${describeFormatFault(parsed.reason)}`);
}
