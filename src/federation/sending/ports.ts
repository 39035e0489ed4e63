import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { FederationResult } from '../client.ts';

export interface OutgoingPdu {
  /** Its position in the room's stream. */
  readonly pos: number;
  readonly eventId: EventId;
  /** Canonical JSON. */
  readonly json: string;
}

/** A range `(from, to]` of a room's stream: the PDUs of it that go to this server, in order. */
export interface RoomOffer {
  readonly roomId: RoomId;
  /** Of the room's positions: a restore or purge begins another. */
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly pdus: readonly OutgoingPdu[];
}

/**
 * `sent`: the server has it. `taken`: the server's object keeps a cursor and will ask the room again. Both confirm.
 * `detached`: the same, and the room need not call again until it was asked for a range that came out empty.
 */
export type OfferAnswer = 'sent' | 'taken' | 'detached';

export interface RoomRangeRequest {
  readonly roomId: RoomId;
  readonly server: ServerName;
  readonly epoch: string;
  readonly from: number;
  /** What was sent before is read again, as far as this. */
  readonly to?: number;
  readonly limit: number;
  /** The newest `limit` PDUs behind `from` instead of the oldest; `to` is then the head. */
  readonly newest?: boolean;
}

export interface RoomRange {
  /** The room's present one; where it is not the one asked for, `pdus` is empty and `to` is the head. */
  readonly epoch: string;
  readonly pdus: readonly OutgoingPdu[];
  /** Everything for this server up to here is in `pdus`. The head, where nothing is left. */
  readonly to: number;
  /** How many PDUs for this server lie behind `from`; counted up to 501. */
  readonly unsent: number;
}

/**
 * The rooms, as a destination that fell behind asks them. A room that answers with no PDUs offers again by itself from
 * `to` on. Rejects where the room cannot be asked now.
 */
export interface RoomRanges {
  read(request: RoomRangeRequest): Promise<RoomRange>;
}

/** Where a room has got to with this server. Only rooms that are behind have one. */
export interface RoomCursor {
  readonly roomId: RoomId;
  readonly epoch: string;
  readonly from: number;
}

/** A part of a transaction: PDUs of one room, the whole of `(from, to]`. */
export interface TransactionPart extends RoomCursor {
  readonly to: number;
  readonly count: number;
}

/** A transaction that was sent and not confirmed, without its PDUs and kept EDUs: it has to be repeated as it was. */
export interface StoredTransaction {
  readonly parts: readonly TransactionPart[];
  readonly edus: readonly string[];
  /** The `seq` of the first and the last of its kept EDUs. */
  readonly kept?: { readonly from: number; readonly to: number };
  readonly ts: number;
}

/** An EDU that may not be lost: messages to devices, changes of device lists. It goes before the PDUs of a transaction. */
export interface KeptEdu {
  /** Names it among those that wait: its type, and what the specification knows it by. */
  readonly id: string;
  /** JSON of the whole EDU. */
  readonly json: string;
}

export interface WaitingEdu {
  /** Their order. */
  readonly seq: number;
  readonly json: string;
}

/** EDUs that are kept until the server has them. Synchronous. */
export interface KeptEduStore {
  /** Whether one waits. Costs nothing. */
  has(): boolean;
  /** How many wait. */
  count(): number;
  /** Behind all others, unless one with this ID waits already. @returns how many of the oldest had to go for it. */
  keep(edu: KeptEdu): number;
  /** The oldest: at most `limit`, and a megabyte, but one where there is one. */
  first(limit: number): readonly WaitingEdu[];
  /** The same from one `seq` to another, both included. */
  between(from: number, to: number, limit: number): readonly WaitingEdu[];
  /** With all before it. */
  remove(upTo: number): void;
}

/** How the server has answered lately. */
export interface Reachability {
  /** Failures in a row. */
  readonly attempt: number;
  /** Nothing is sent before this (ms). */
  readonly until: number;
  /** `policy`: it answered 401 or 403. */
  readonly kind: 'up' | 'down' | 'policy' | 'limited';
  readonly reason: string;
}

/** A PDU that the server refuses for good, while what came after it went on. */
export interface RefusedPdu {
  readonly roomId: RoomId;
  readonly eventId: EventId;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What a destination keeps. Synchronous. */
export interface SendingStore {
  transaction(work: () => void): void;
  /** Longest waiting first. */
  cursors(): readonly RoomCursor[];
  cursor(roomId: RoomId): RoomCursor | undefined;
  putCursor(cursor: RoomCursor): void;
  removeCursor(roomId: RoomId): void;
  /** A PDU that the server refuses: shown to the administrator. */
  park(pdu: RefusedPdu): void;
  refusedCount(): number;
  /** The newest first. */
  refused(limit: number): readonly RefusedPdu[];
  reachability(): Reachability;
  setReachability(reachability: Reachability): void;
  /** When the server last took a transaction (ms); to the minute after a restart. */
  lastSuccess(): number | undefined;
  noteSuccess(at: number): void;
  unconfirmed(): StoredTransaction | undefined;
  setUnconfirmed(transaction: StoredTransaction | undefined): void;
  readonly keptEdus: KeptEduStore;
}

export interface Transaction {
  readonly txnId: string;
  readonly body: JsonObject;
}

/** Keeps apart the tries of servers that are down. */
export interface Retries {
  /** @returns the first time (ms) from `at` on at which no other server is tried, or one not much later than `at`. */
  take(server: ServerName, at: number): number;
  /** @returns when a server that was left alone until `until` is to be tried; the present time: now. */
  turnOf(server: ServerName, until: number): number;
}

export interface SenderOptions {
  readonly serverName: ServerName;
  readonly destination: ServerName;
  readonly store: SendingStore;
  readonly rooms: RoomRanges;
  /** Those of these EDUs (JSON texts) that the settings let out now: asked before each attempt. */
  readonly wanted: (edus: readonly string[]) => Promise<readonly string[]>;
  readonly send: (transaction: Transaction) => Promise<FederationResult<void>>;
  readonly retries: Retries;
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Runs `work` after a time of at most one second; returns what cancels it. */
  readonly after: (delayMs: number, work: () => void) => () => void;
  /** So many kept EDUs are lost: the server does not take them, or has not for too long. */
  readonly lost: (count: number, reason: string) => void;
  /** Sees to it that `deliver` is called by then, whatever happens to this instance. */
  readonly wakeAt: (at: number) => void;
}
