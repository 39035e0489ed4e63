import type { EventId } from '../matrix/ids/brands.ts';
import { isJsonObject } from '../matrix/json/json-value.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';
import { parseJson } from '../matrix/json/strict-json.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';
import type { CheckedPdu, RoomsDeps } from './ports.ts';

const KEYS_MS = 10_000;

/**
 * Checks the signatures of events again that lacked a key.
 * @returns those that pass now, and those of which a signature is missing or wrong; all others still lack a key.
 */
export async function verifyEvents(
  deps: Pick<RoomsDeps, 'pdus' | 'after'>,
  { roomVersion, events }: { readonly roomVersion: string; readonly events: readonly CheckedPdu[] },
): Promise<{ readonly verified: readonly CheckedPdu[]; readonly forged: readonly EventId[] }> {
  const rules = roomVersionRules(roomVersion);
  if (rules === undefined) throw new Error(`no rules of room version ${roomVersion}`);
  const objects = events.flatMap(({ json }) => {
    const parsed = parseJson(json);
    return parsed.ok && isJsonObject(parsed.value) ? [parsed.value] : [];
  });
  const { checked, unverified } = await deps.pdus.sort(rules, objects, deps.after(KEYS_MS));
  const left = new Set<EventId>(checked.map(({ eventId }) => eventId));
  for (const { pdu } of unverified) left.add(pdu.eventId);
  return {
    verified: checked.map((pdu) => ({ eventId: pdu.eventId, json: canonicalJson(pdu.json) })),
    forged: events.map(({ eventId }) => eventId).filter((eventId) => !left.has(eventId)),
  };
}
