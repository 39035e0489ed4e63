import { toClientEventWithoutRoomId, type ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import { erased, isErasedFor } from './erased.ts';
import { stateEventId } from '../state/state-at.ts';
import type { RoomStore, StoredEvent } from '../store.ts';
import type { SeenEvent, Sight } from './sight.ts';

export interface Reader {
  readonly sight: Sight;
  /** The reading device: its own transaction IDs are shown to it. */
  readonly scope: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whose events do not count where events that relate to one are gathered. */
  readonly ignoredUsers?: readonly UserId[];
  /** Events are wanted as other servers get them. Source: Client-Server API, "Filtering", `event_format`. */
  readonly isRaw?: boolean;
}

/**
 * An event as one reader sees it. What it replaced is shown only where the reader may see that too.
 * Source: Client-Server API, "Room Event Format", `UnsignedData`.
 */
export function render(store: RoomStore, event: StoredEvent, reader: Reader): ClientEventWithoutRoomId {
  const pdu = shown(store, event, reader);
  const transactionId =
    pdu.sender === reader.sight.userId ? store.transactions.ofEvent(reader.scope, pdu.eventId) : undefined;
  const client = toClientEventWithoutRoomId(plain(pdu), {
    age: Math.max(0, reader.now - pdu.originServerTs),
    ...redactionOf(store, event),
    ...(transactionId === undefined ? {} : { transaction_id: transactionId }),
    ...replaced(store, event, reader),
    membership: reader.sight.membershipWith(event),
  });
  return reader.isRaw === true ? raw(pdu, client) : client;
}

/** A PDU, with what tells a reader which event it is and what this server adds. */
function raw(pdu: Pdu, { unsigned }: ClientEventWithoutRoomId): ClientEventWithoutRoomId {
  return {
    ...(plainJson(pdu.json) as unknown as ClientEventWithoutRoomId),
    event_id: pdu.eventId,
    ...(unsigned === undefined ? {} : { unsigned }),
  };
}

function shown(store: RoomStore, event: StoredEvent, { sight }: Reader): Pdu {
  return isErasedFor(store, event, [sight.intervals]) ? erased(store, event.pdu) : event.pdu;
}

/** What every reader is told of an event that was redacted. */
export function redactionOf(store: RoomStore, { redactedBy }: StoredEvent): object {
  const redaction = redactedBy === undefined ? undefined : store.events.get(redactedBy);
  if (redaction === undefined) return {};
  return { redacted_because: toClientEventWithoutRoomId(plain(redaction.pdu)), redacted_by: redaction.pdu.eventId };
}

function replaced(store: RoomStore, event: StoredEvent, reader: Reader): object {
  const key = keyReplaced(event);
  if (key === undefined) return {};
  const eventId = stateEventId(store, key.before, key.type, key.stateKey);
  const old = eventId === undefined || eventId === event.pdu.eventId ? undefined : store.events.get(eventId);
  if (old === undefined || !maySeeReplaced(reader.sight, event, old)) return {};
  return replacedFields(shown(store, old, reader));
}

/** The key whose holder an event took the place of, and the state before it; `undefined`: readers are told of none. */
export function keyReplaced({ pdu, before, redactedBy }: StoredEvent) {
  const { type, stateKey } = pdu;
  if (stateKey === undefined || before === undefined || redactedBy !== undefined) return undefined;
  return { before, type, stateKey };
}

export function maySeeReplaced(sight: Sight, event: SeenEvent, old: SeenEvent): boolean {
  return sight.membershipWith(event) === 'join' || sight.maySee(old);
}

export function replacedFields({ content, eventId, sender }: Pdu): object {
  return { prev_content: plainJson(content), replaces_state: eventId, prev_sender: sender };
}

/** Of room versions 1 to 5 an event may hold numbers that only JSON text can. */
export function plain(pdu: Pdu): Pdu {
  const content = plainJson(pdu.content);
  return content === pdu.content ? pdu : { ...pdu, content };
}
