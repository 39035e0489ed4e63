import { authorisingServer } from '../matrix/auth/restricted-join.ts';
import { parsePdu } from '../matrix/event/format.ts';
import type { Pdu } from '../matrix/event/pdu.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import type { RoomsDeps } from './ports.ts';

/**
 * The join as the resident gave it back, with its signature. @returns `undefined` for a restricted join without that,
 * which no other server would take.
 * Source: Server-Server API, `PUT /v2/send_join/{roomId}/{eventId}`, `event`.
 */
export async function returnedJoin(
  deps: Pick<RoomsDeps, 'pdus'>,
  rules: RoomVersionRules,
  pdu: Pdu,
  event: JsonObject | undefined,
): Promise<Pdu | undefined> {
  const unsigned = authorisingServer(rules, pdu) === undefined ? pdu : undefined;
  if (event === undefined) return unsigned;
  const parsed = parsePdu(rules, event);
  if (!parsed.ok || parsed.value.eventId !== pdu.eventId) return unsigned;
  const [intact] = await deps.pdus.check(rules, [event]);
  return intact?.eventId === pdu.eventId ? intact : unsigned;
}
