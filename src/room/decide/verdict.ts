import type { Pdu } from '../../matrix/event/pdu.ts';
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import type { HistoryKey } from '../store.ts';

/** A PDU whose format, signatures and hash the Worker has checked. */
export interface IncomingPdu {
  readonly pdu: Pdu;
  /** The server that gave it to us; our own name for a local event. */
  readonly origin: ServerName;
  /** Its content hash did not fit and it is held redacted: an intact copy may replace it. */
  readonly provisional: boolean;
  /** It came by send_join, send_leave or send_knock: we carry it to the other servers. */
  readonly isRelayed?: boolean;
  /**
   * The state before it as a server claims it (`state_ids`), for an event whose missing parents nobody produces. All
   * of these events are stored already.
   */
  readonly claim?: readonly EventId[];
  /** The room's policy server was asked, and what it gave is in the event. */
  readonly isPolicyAsked?: boolean;
  /** Its place below events that we have, where the caller has looked; `null`: none of ours follows it. */
  readonly hole?: HistoryKey | null;
}

/** What becomes of an event. Source: Server-Server API, "Checks performed on receipt of a PDU". */
export type Verdict =
  | { readonly kind: 'accepted'; readonly eventId: EventId }
  | { readonly kind: 'known'; readonly eventId: EventId }
  | { readonly kind: 'soft_failed'; readonly eventId: EventId; readonly reason: string }
  | { readonly kind: 'rejected'; readonly eventId: EventId; readonly reason: string }
  /** The room does not hear it: nothing of it is kept. */
  | { readonly kind: 'refused'; readonly eventId: EventId; readonly reason: string }
  | {
      readonly kind: 'needs';
      readonly eventId: EventId;
      readonly prev: readonly EventId[];
      readonly auth: readonly EventId[];
      /** Nothing is missing but a signature of this policy server. */
      readonly policy?: ServerName;
    };

/** Its decision threw, now or before: it is kept, and tried again by time. */
export interface ParkedVerdict {
  readonly kind: 'parked';
  readonly eventId: EventId;
  readonly reason: string;
}
