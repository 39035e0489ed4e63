import type { DeviceNews } from './device-ports.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';

export interface ShardCursor {
  readonly shard: string;
  /** Looked through up to here. */
  readonly seq: number;
  /** It goes up to here, as far as is known. */
  readonly head: number;
  /** The last message to a device that was taken over from it; left out: as it is. */
  readonly messages?: number;
  /** Whether it has more messages than were taken over; left out: as it is. */
  readonly goesOn?: boolean;
  /** News of devices were looked through up to here; `undefined`: never, or, where it is put, as it is. */
  readonly devices?: number | undefined;
}

/** A message to a device, as it is sent. */
export interface WaitingMessage {
  /** Their order. */
  readonly number: number;
  readonly json: string;
}

export interface WaitingRoom {
  readonly roomId: RoomId;
  readonly epoch: string;
  /** `undefined`: not known yet. */
  readonly pos: number | undefined;
  readonly target: number;
  readonly attempts: number;
}

export interface OutgoingTransaction {
  readonly txnId: string;
  /** JSON: the bytes that are sent, every time the same. */
  readonly body: string;
  readonly events: number;
  /** Milliseconds since the epoch. */
  readonly madeTs: number;
}

/** How it goes with the application service. */
export interface Health {
  /** Failures in a row. */
  readonly attempts: number;
  /** Nothing is tried before this (ms). */
  readonly until: number;
  readonly lastError?: string | undefined;
  readonly lastErrorTs?: number | undefined;
  readonly lastSuccessTs?: number | undefined;
}

/** What an administrator is shown of the queue. */
export interface Backlog extends Health {
  readonly transaction: Omit<OutgoingTransaction, 'body'> | undefined;
  readonly waitingRooms: number;
  /** Positions of their streams, of which each event takes one or two. */
  readonly waitingPositions: number;
  /** Messages to devices that are in no transaction yet. */
  readonly waitingMessages: number;
  /** Since when what waits longest does (ms). */
  readonly oldestTs: number | undefined;
}

/** The same, and whether the stream of an application service without a URL is open. */
export interface ShownBacklog extends Omit<Backlog, 'waitingMessages'> {
  readonly isStreaming: boolean;
  /** Those that shards have still are among them; `undefined`: one does not answer. */
  readonly waitingMessages: number | undefined;
}

/** What waits for an application service. Synchronous. */
export interface QueueStore {
  transaction(work: () => void): void;
  /** Nothing that was received before (ms) is sent: when it was registered, or since when all is sent anew. */
  since(): number;
  /** Forgets how far shards and rooms were looked through. */
  beginAnew(since: number): void;
  shards(): readonly ShardCursor[];
  putShard(cursor: ShardCursor): void;
  room(roomId: RoomId): WaitingRoom | undefined;
  /** A room has more, up to `target`; one that waits already keeps its place. */
  wait(roomId: RoomId, epoch: string, target: number, now: number): void;
  /**
   * What is up to `pos` is sent, or in the transaction.
   * @param end where there is nothing behind `pos`: what the room was to have up to then is not waited for any more.
   * @param isOfInterest `undefined` where that was not found out.
   */
  advance(roomId: RoomId, epoch: string, pos: number, end: number | undefined, isOfInterest?: boolean): void;
  /** Whether what happens in one of these rooms concerns the application service, as far as that is known. */
  isOfInterest(roomIds: readonly RoomId[]): boolean;
  postpone(roomId: RoomId, attempts: number, retryAt: number): void;
  /** Those that wait and may be asked, longest first. */
  roomsDue(now: number, limit: number): readonly WaitingRoom[];
  /** When the next one may be asked (ms). */
  nextRoom(): number | undefined;
  outgoing(): OutgoingTransaction | undefined;
  /** Keeps a body under the next transaction ID, for as long as it is not taken. */
  keep(body: string, events: number, now: number): void;
  taken(): void;
  /** Behind those that wait. */
  addMessages(texts: readonly string[]): void;
  messages(limit: number): readonly WaitingMessage[];
  countMessages(): number;
  /** With all before it. */
  removeMessages(upTo: number): void;
  health(): Health;
  setHealth(health: Health): void;
  backlog(): Backlog;
}

/** An event of a room, as application services are sent it. */
export interface SentEvent {
  readonly pos: number;
  readonly sender: UserId;
  /** Of a membership: whose. */
  readonly target: UserId | undefined;
  /** The client form, with `room_id`. */
  readonly event: JsonObject;
  /** It was made by a call of this application service, which is why it is told of it. */
  readonly isEcho: boolean;
}

/** A local user who was joined in these positions of a range: from the first on, before the second. */
export interface Resident {
  readonly userId: UserId;
  readonly fromPos: number;
  readonly toPos: number;
}

export interface RoomRangeQuery {
  readonly roomId: RoomId;
  /** Positions of another epoch mean nothing: the answer then begins at the head. */
  readonly epoch: string;
  /** `undefined`: behind the last event that was received before `since` (ms). */
  readonly from: number | undefined;
  readonly since: number;
  /** Who is told. */
  readonly appserviceId: string;
}

export interface RoomRange {
  readonly epoch: string;
  /** What follows this is not in the answer. */
  readonly to: number;
  /** In order; at most 100, and about half a megabyte. */
  readonly events: readonly SentEvent[];
  readonly residents: readonly Resident[];
  /** Content of an `m.receipt`: those that came in the range, public and by somebody else than who is told. */
  readonly receipts: JsonObject | undefined;
  /** The same of private ones, of each user for themselves. */
  readonly privateReceipts: readonly { readonly userId: UserId; readonly content: JsonObject }[];
  /** Whether there is more behind `to`. */
  readonly goesOn: boolean;
}

/** Something that is told and not kept: who types, how somebody is. */
export interface EphemeralOffer {
  /** A later one of the same key takes its place. */
  readonly key: string;
  readonly event: JsonObject;
  /** Where it is seen. */
  readonly roomIds: readonly RoomId[];
  /** Whom it is about, where it also concerns whose user that is. */
  readonly userId?: UserId;
  /** The application service whose call has made the change. */
  readonly by?: string | undefined;
  /** It is worth nothing after this (ms). */
  readonly expiresAt: number;
}

/** Which rooms moved, by the log of a shard of local users. */
export interface Moves {
  /** Looked through up to here. */
  readonly seq: number;
  /** Where the log ends. */
  readonly head: number;
  /** Each up to `to`. */
  readonly rooms: readonly { readonly roomId: RoomId; readonly epoch: string; readonly to: number }[];
  /** Messages to devices that came meanwhile. */
  readonly messages?: readonly DeviceMessage[];
  /** Whether there are more messages than these. */
  readonly goesOn?: boolean;
  readonly devices?: DeviceNews;
}

export interface MovesQuery {
  readonly seq: number;
  /** The last message that was taken over, and how many may follow. */
  readonly messages: { readonly after: number; readonly limit: number };
  /** News of devices behind this `seq`; `undefined`: none are wanted. */
  readonly devices: number | undefined;
}

/** A message to a device of a user in the namespace. */
export interface DeviceMessage {
  /** Their order in the shard. */
  readonly number: number;
  readonly userId: UserId;
  readonly deviceId: string;
  readonly sender: UserId;
  readonly type: string;
  /** A JSON object, as text. */
  readonly content: string;
  /** When it came, in milliseconds since the epoch. */
  readonly ts: number;
}

/** `sent`: it says itself that it has taken the transaction, whenever that is. */
export type PushAnswer =
  | { readonly kind: 'taken' }
  | { readonly kind: 'sent' }
  | { readonly kind: 'failed'; readonly reason: string };
