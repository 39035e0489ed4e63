import type { Pdu } from './pdu.ts';

/** What a client's filter asks of an event. Source: Client-Server API, "Filtering", `RoomEventFilter`. */
export interface EventFilter {
  readonly types?: readonly string[];
  readonly notTypes?: readonly string[];
  readonly senders?: readonly string[];
  readonly notSenders?: readonly string[];
  readonly containsUrl?: boolean;
  /** Asked of the events that relate to it, which only the room knows. Not looked at here. */
  readonly relatedByRelTypes?: readonly string[];
  readonly relatedBySenders?: readonly string[];
}

/** `*` in a type stands for any run of characters. */
function matchesType(pattern: string, type: string): boolean {
  if (!pattern.includes('*')) return pattern === type;
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (!type.startsWith(first) || !type.endsWith(last) || type.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = type.indexOf(part, at);
    if (found < 0 || found + part.length > type.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

/** Whether an event passes a filter; exclusions win over inclusions. */
export function passesFilter(filter: EventFilter, pdu: Pick<Pdu, 'type' | 'sender' | 'content'>): boolean {
  const { types, notTypes, senders, notSenders, containsUrl } = filter;
  if (notSenders?.includes(pdu.sender) === true) return false;
  if (notTypes?.some((pattern) => matchesType(pattern, pdu.type)) === true) return false;
  if (senders !== undefined && !senders.includes(pdu.sender)) return false;
  if (types !== undefined && !types.some((pattern) => matchesType(pattern, pdu.type))) return false;
  return containsUrl === undefined || containsUrl === Object.hasOwn(pdu.content, 'url');
}
