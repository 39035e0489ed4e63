import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { JsonValue } from '../../matrix/json/json-value.ts';
import type { RefusedRoom } from '../note-refused.ts';

/** A PDU that passed the checks of the Worker: format, signatures, content hash. */
export interface CheckedPdu {
  readonly eventId: EventId;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
  /** Its content hash did not fit: this is the redacted copy, and an intact one may replace it. */
  readonly provisional: boolean;
}

/** A PDU for a decision. */
export interface DecidedPdu extends CheckedPdu {
  /**
   * The state before it as a server claims it, for an event that was pulled and whose parents nobody produces: one more
   * state to resolve. The room has stored all of these events, or answers `needs`.
   */
  readonly claim?: readonly EventId[];
  /** The room's policy server was asked; what it gave is among the signatures. */
  readonly isPolicyAsked?: boolean;
}

export type PduVerdict =
  | { readonly kind: 'accepted' | 'known'; readonly eventId: EventId }
  | { readonly kind: 'soft_failed' | 'rejected'; readonly eventId: EventId; readonly reason: string }
  /** The PDU's own fault, such as a server ACL: an error for it, and nothing is kept. */
  | { readonly kind: 'refused'; readonly eventId: EventId; readonly reason: string }
  /** Kept by the room, whose decision of it threw: acknowledged, and nothing may wait for it. */
  | { readonly kind: 'parked'; readonly eventId: EventId; readonly reason: string }
  /** Parents that are not in the room's graph, and auth events that it has not stored. */
  | {
      readonly kind: 'needs';
      readonly eventId: EventId;
      readonly prev: readonly EventId[];
      readonly auth: readonly EventId[];
      /** Nothing is missing but a signature of this policy server. */
      readonly policy?: ServerName;
    };

/** A PDU that is acknowledged without a decision. */
export interface ParkedPdu extends CheckedPdu {
  /** Events that it waits for; empty where it waits for a key. */
  readonly missing: readonly EventId[];
  /**
   * The server whose key could not be fetched: its signature is not verified yet, and whoever takes it up has to check
   * it from the start.
   */
  readonly unverified?: ServerName;
  /** It ended the room's object again and again: it is kept and not decided. */
  readonly crashed?: boolean;
  /** We asked for it, as the parent of another: where nobody produces its parents it is given a claim of state. */
  readonly isPulled?: boolean;
}

/**
 * The room objects, as the receipt of events needs them. A call that the room refuses as a whole (it is not ours any
 * more, the origin is denied by its ACL) rejects with a `MatrixError` of status 4xx; any other rejection means that the
 * room could not be asked: nothing was taken.
 */
export interface RoomDecisions extends RefusedRoom {
  /** In this order; the verdicts are in the same. Nothing is stored of an event that `needs`. */
  decide(call: {
    readonly roomId: RoomId;
    readonly origin: ServerName;
    /** What was received before is taken up: the ACL was asked when it came. */
    readonly isTakenUp?: boolean;
    readonly pdus: readonly DecidedPdu[];
  }): Promise<readonly PduVerdict[]>;
  /** Stores auth events and claimed state, judged by their own auth events alone. @returns those that lack some. */
  storeOutliers(call: { readonly roomId: RoomId; readonly pdus: readonly CheckedPdu[] }): Promise<readonly EventId[]>;
  /** Which of these events the room has not stored in any form. */
  unknownEvents(call: { readonly roomId: RoomId; readonly eventIds: readonly EventId[] }): Promise<readonly EventId[]>;
  /** Where the room's graph ends, and who else is in the room. */
  frontier(call: { readonly roomId: RoomId }): Promise<{
    readonly extremities: readonly EventId[];
    readonly servers: readonly ServerName[];
  }>;
  /** Waits for the right to fetch what the room lacks: one at a time. @returns whether it was given. */
  beginFill(call: { readonly roomId: RoomId; readonly holder: string }): Promise<boolean>;
  endFill(call: { readonly roomId: RoomId; readonly holder: string }): Promise<void>;
  /**
   * Keeps PDUs durably and takes them up when what they lack arrives, by alarm, or by an administrator's hand. Parking
   * what is parked or decided already changes nothing.
   */
  park(call: {
    readonly roomId: RoomId;
    readonly origin: ServerName;
    readonly isTakenUp?: boolean;
    readonly pdus: readonly ParkedPdu[];
  }): Promise<void>;
}

/** The rooms that have an object here, without addressing it. */
export interface KnownRooms {
  /** @returns the room's version; `undefined` for a room that is none of ours. */
  versionOf(roomId: RoomId): Promise<string | undefined>;
}

/** What to do with one type of EDU. Its content is as the other server sent it. */
export type EduHandler = (origin: ServerName, content: JsonValue) => Promise<void>;

/**
 * EDUs that may not be lost: all that a transaction has of its types, in order, as the other server sent them. Rejects
 * where they were not taken: the server is told to repeat the transaction, so that each has to be idempotent by itself.
 */
export type LastingEduHandler = (origin: ServerName, contents: readonly JsonValue[]) => Promise<void>;
