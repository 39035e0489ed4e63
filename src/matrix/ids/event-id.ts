import { allow, deny, type Result } from '../result.ts';
import type { EventId, ServerName } from './brands.ts';
import { isIdentifierText } from './identifier-text.ts';

/** Parses an event ID of any room version: opaque but for its sigil and size. Source: Appendices, "Event IDs". */
export function parseEventId(text: string): Result<EventId, string> {
  if (!text.startsWith('$') || text.length < 2 || !isIdentifierText(text)) return deny('not an event ID');
  return allow(text as EventId);
}

/**
 * The domain of an event ID of room versions 1 and 2, as it stands there: nobody has checked that it is a server name.
 * `undefined` for a hash.
 */
export function eventIdServer(eventId: EventId): ServerName | undefined {
  const colon = eventId.indexOf(':');
  return colon < 0 ? undefined : (eventId.slice(colon + 1) as ServerName);
}
