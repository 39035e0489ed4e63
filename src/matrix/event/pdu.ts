import type { EventId, RoomId, UserId } from '../ids/brands.ts';
import type { JsonObject } from '../json/json-value.ts';

/**
 * A PDU as its room version reads it. `json` is what was received without `unsigned`; it is what is stored, hashed and
 * sent on, and it is never rebuilt from the other fields. Only signatures may be added to it, and only redaction may
 * remove from it.
 */
export interface Pdu {
  readonly eventId: EventId;
  /** For a create event of room version 12, which carries none, made from its event ID. */
  readonly roomId: RoomId;
  readonly type: string;
  readonly sender: UserId;
  /** `undefined` for a message event. */
  readonly stateKey: string | undefined;
  readonly content: JsonObject;
  readonly prevEvents: readonly EventId[];
  readonly authEvents: readonly EventId[];
  readonly depth: number;
  /** Milliseconds since the epoch, as the sender's server claims. */
  readonly originServerTs: number;
  /** The event that a redaction names, from wherever the room version keeps it. */
  readonly redacts: EventId | undefined;
  readonly json: JsonObject;
}

/** Looks an event up among those at hand; `undefined` is "not at hand", never "does not exist". */
export type PduSource = (eventId: EventId) => Pdu | undefined;
