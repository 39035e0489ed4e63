import { allow, deny, type Result } from '../result.ts';
import type { EventId, ServerName } from './brands.ts';

/** Parses an event ID of any room version. Source: Appendices, "Event IDs". */
export function parseEventId(text: string): Result<EventId, string> {
  if (!/^\$[^\0]+$/.test(text) || Buffer.byteLength(text) > 255) return deny('not an event ID');
  return allow(text as EventId);
}

/** The domain of an event ID of room versions 1 and 2. */
export function eventIdServer(eventId: EventId): ServerName | undefined {
  const colon = eventId.indexOf(':');
  return colon < 0 ? undefined : (eventId.slice(colon + 1) as ServerName);
}
