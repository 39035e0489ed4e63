import type { EventId, RoomId, UserId } from '../ids/brands.ts';
import type { JsonObject } from '../json/json-value.ts';
import type { Pdu } from './pdu.ts';

/** What a server adds to an event for one reader. Source: Client-Server API, "Room Event Format", `unsigned`. */
export interface UnsignedData {
  /** Milliseconds since `origin_server_ts`, by our clock; may be negative. */
  readonly age?: number;
  readonly redacted_because?: ClientEventWithoutRoomId;
  /** Only for the device that sent the event. */
  readonly transaction_id?: string;
  /** Only for those who may see the event that was replaced. */
  readonly prev_content?: JsonObject;
  readonly replaces_state?: EventId;
  /** The reader's own membership at the event, the change by the event included. */
  readonly membership?: string;
  /** What other modules bundle, such as `m.relations` and, for invites, `invite_room_state`. */
  readonly [key: string]: unknown;
}

/** An event as clients see it where the room is known from elsewhere in the answer, as in `/sync`. */
export interface ClientEventWithoutRoomId {
  readonly event_id: EventId;
  readonly type: string;
  readonly state_key?: string;
  readonly sender: UserId;
  readonly origin_server_ts: number;
  readonly content: JsonObject;
  readonly redacts?: EventId;
  readonly unsigned?: UnsignedData;
}

/** An event as clients and application services see it. Source: Client-Server API, "Room Event Format". */
export interface ClientEvent extends ClientEventWithoutRoomId {
  readonly room_id: RoomId;
}

/**
 * The client form of an event: never stored in the place of the PDU.
 * What a redaction names stands both at the top level and in `content`, whatever the room version. Source: Room
 * Version 11, "Moving the `redacts` property".
 * @param pdu the event; redacted already if it is to be shown so.
 * @param unsigned what this reader gets besides; left out when it is empty.
 */
export function toClientEventWithoutRoomId(pdu: Pdu, unsigned: UnsignedData = {}): ClientEventWithoutRoomId {
  const { redacts } = pdu;
  return {
    event_id: pdu.eventId,
    type: pdu.type,
    ...(pdu.stateKey === undefined ? {} : { state_key: pdu.stateKey }),
    sender: pdu.sender,
    origin_server_ts: pdu.originServerTs,
    content: redacts === undefined ? pdu.content : { ...pdu.content, redacts },
    ...(redacts === undefined ? {} : { redacts }),
    ...(Object.keys(unsigned).length === 0 ? {} : { unsigned }),
  };
}

/** As {@link toClientEventWithoutRoomId}, with the room's ID. */
export function toClientEvent(pdu: Pdu, unsigned: UnsignedData = {}): ClientEvent {
  return { ...toClientEventWithoutRoomId(pdu, unsigned), room_id: pdu.roomId };
}
