import type { Pdu } from '../matrix/event/pdu.ts';
import type { StateTuple } from '../matrix/event/state-map.ts';
import type { EventId, RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import type { TimedEvent } from './timed-event.ts';
import type { ReceiverStore } from './dispatch/receiver-store.ts';
import type { RelationStore } from './relations/relation-store.ts';
import type { RetentionStore } from './retention/retention-store.ts';
import type { PreparedStore } from './read/prepared-room.ts';
import type { StateLookups, StateStore } from './state-store.ts';
import type { RecentStore } from './unread/recent-store.ts';

/**
 * A state of the room: the main line at a position, or a group that differs from the main line at `pos`. Positions
 * only ever name the end of a whole decision.
 */
export interface StateRef {
  readonly pos: number;
  readonly group: number | null;
}

export type EventStatus = 'accepted' | 'soft_failed' | 'rejected' | 'outlier';

export interface HistoryKey {
  readonly anchor: number;
  readonly sub: number;
}

export interface StoredEvent {
  readonly pdu: Pdu;
  readonly status: EventStatus;
  readonly provisional: boolean;
  /** Position of its `event` row; `undefined` for what clients do not see. */
  readonly pos: number | undefined;
  readonly history: HistoryKey | undefined;
  readonly authHeight: number;
  readonly visibility: string | undefined;
  readonly redactedBy: EventId | undefined;
  /** Its content has gone, since it was older than messages of the room may be: it stays hidden. */
  readonly isExpired: boolean;
  readonly before: StateRef | undefined;
  readonly after: StateRef | undefined;
  readonly receivedTs: number;
  /** The server whose send_join, send_leave or send_knock gave it to us: we carry it to the others. */
  readonly relayedFrom: ServerName | undefined;
  /** The application service that made it. */
  readonly appservice: string | undefined;
  readonly reason: string | undefined;
}

export interface SpaceStore {
  /**
   * @returns whose events take most of the newest, where the room is nearly as large as an object may be.
   * @param except our own server.
   */
  largestContributor(except: ServerName): ServerName | undefined;
}

/** Events and the edges between them. */
export interface EventStore {
  get(eventId: EventId): StoredEvent | undefined;
  /** Those that are known, of which none is kept at hand for it: for what is read whole. */
  several(eventIds: readonly EventId[]): ReadonlyMap<EventId, StoredEvent>;
  has(eventId: EventId): boolean;
  insert(event: StoredEvent): void;
  /** Overwrites what a better copy or a later verdict changes: everything but the ID and the edges. */
  update(event: StoredEvent): void;
  /** Redactions that wait for this event. */
  redactionsOf(eventId: EventId): readonly EventId[];
  /** Events that name this one as a parent. */
  children(eventId: EventId): readonly EventId[];
  /** Rejected and soft-failed events, newest first. */
  refused(offset: number, limit: number): readonly EventId[];
  /** Rejected events, of the graph or not, that name this one as an auth event. */
  rejectedAuthChildren(eventId: EventId): readonly EventId[];
  /** State events that name this one as an auth event. */
  authChildren(eventId: EventId): readonly EventId[];
}

export interface ExtremityStore {
  forward(): readonly EventId[];
  addForward(eventId: EventId): void;
  removeForward(eventId: EventId): void;
  addBackward(missing: EventId, child: EventId): void;
  /** The hole is filled: `missing` has become known. */
  removeBackward(missing: EventId): void;
  /** Holes below events that stand at or below a place, newest first. */
  backward(from: HistoryKey, limit: number): readonly { readonly missing: EventId; readonly child: EventId }[];
}

export type StreamRow =
  | { readonly kind: 'event'; readonly pos: number; readonly eventId: EventId }
  | {
      readonly kind: 'state';
      readonly pos: number;
      readonly type: string;
      readonly stateKey: string;
      readonly eventId: EventId | undefined;
      readonly before: EventId | undefined;
    }
  | { readonly kind: 'gap'; readonly pos: number }
  | {
      readonly kind: 'redacted';
      readonly pos: number;
      readonly eventId: EventId;
      /** The files of this server that the event named: media IDs. */
      readonly media: readonly string[];
      /** Of an edit: the event that it had edited. */
      readonly edited?: EventId | undefined;
    };

/** A row that begins what rows of the state follow. */
export type TurnRow = Extract<StreamRow, { kind: 'event' | 'gap' }>;

type WithoutPos<Row> = Row extends StreamRow ? Omit<Row, 'pos'> : never;

export interface StreamStore {
  head(): number;
  /** Takes the next position. */
  append(row: WithoutPos<StreamRow>): number;
  /** Takes the next position for something that is kept elsewhere (receipts) or reserved. */
  takePosition(): number;
  /** Rows of `(from, to]`, oldest first. */
  range(from: number, to: number, limit: number): readonly StreamRow[];
  /** A `state` row for each key that the answer of a join gives an event for and nobody holds. */
  appendJoined(): void;
  /** The `state` rows of `(from, to]` that changed a membership of a user whose shard is known. */
  localMemberRows(from: number, to: number): readonly Extract<StreamRow, { kind: 'state' }>[];
  /** Whether a `state` row of `(from, to]` changed a membership. */
  hasMemberRow(from: number, to: number): boolean;
  /** Whether a `gap` row lies in `(from, to]`, and where the last one is. */
  lastGap(from: number, to: number): number | undefined;
  /** The last event or gap up to a position: what the rows of the state behind it came with. */
  lastTurn(to: number): TurnRow | undefined;
}

export type Lifecycle = 'unborn' | 'stub' | 'joining' | 'live' | 'left' | 'purged';

export interface RoomMeta {
  roomId(): RoomId;
  roomVersion(): string;
  setRoomVersion(version: string): void;
  createEventId(): EventId | undefined;
  lifecycle(): Lifecycle;
  setLifecycle(lifecycle: Lifecycle): void;
  epoch(): string;
  dispatchedThrough(): number;
  setDispatchedThrough(pos: number): void;
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

export interface LocalUserStore {
  shardOf(userId: UserId): string | undefined;
  setShard(userId: UserId, shard: string): void;
  /** Who joined as a guest. */
  guests(): readonly UserId[];
  /** Of a user whose shard is known. */
  setGuest(userId: UserId, isGuest: boolean): void;
  /** The head of the stream when the user last forgot the room. */
  forgottenAt(userId: UserId): number | undefined;
  setForgotten(userId: UserId, pos: number): void;
}

/** A client's transaction: the device (or application service and user), the path it called, and the ID it chose. */
export interface TransactionKey {
  readonly scope: string;
  readonly path: string;
  readonly txnId: string;
}

export interface TransactionStore {
  find(id: TransactionKey): EventId | undefined;
  put(id: TransactionKey, eventId: EventId, now: number): void;
  /** The transaction ID under which this device sent the event, for its own `unsigned.transaction_id`. */
  ofEvent(scope: string, eventId: EventId): string | undefined;
  /** The same of several events. */
  ofEvents(scope: string, eventIds: readonly EventId[]): ReadonlyMap<EventId, string>;
  /** The same of an application service, whoever of its users it acted as. */
  ofAppservice(appserviceId: string, eventId: EventId): string | undefined;
}

/** The history in its immutable order: what `/messages` and `/context` read. */
export interface HistoryStore {
  /** Events before a point (`b`, newest first) or from it on (`f`, oldest first). A point stands before its event. */
  page(point: HistoryKey, dir: 'b' | 'f', limit: number): readonly EventId[];
  /** {@link page} with times, and without reading the events. */
  times(point: HistoryKey, dir: 'b' | 'f', limit: number): readonly TimedEvent[];
  /** Events with a stream position in `(from, to]`, newest first. */
  newest(from: number, to: number, limit: number): readonly EventId[];
  /** The position of the last event that was received before a time (ms); 0 where none was. */
  positionBefore(ts: number): number;
  /** The lowest `sub` below an anchor; 0 where nothing was backfilled there. */
  lowestSub(anchor: number): number;
  /** The root of the thread that an event is in. Relations are followed three times. */
  threadOf(eventId: EventId): EventId | undefined;
}

export interface ReceiptRow {
  readonly userId: UserId;
  readonly type: string;
  /** Empty for an unthreaded receipt. */
  readonly threadId: string;
  readonly eventId: EventId;
  readonly ts: number;
  /** The application service that put it there. */
  readonly appservice?: string | undefined;
}

export interface ReceiptStore {
  changedBetween(from: number, to: number): readonly ReceiptRow[];
  of(userId: UserId): readonly ReceiptRow[];
  put(row: ReceiptRow, pos: number): void;
}

export interface ErasureStore {
  /** The head of the stream when a user's content was erased. */
  at(userId: UserId): number | undefined;
  /** The first erasure stays. */
  put(userId: UserId, pos: number): void;
}

/** Something that outlives a call: kind `draft`, `join`, `withdrawal`, `invite`, `knock`, `rejection` or `upgrade`. */
export interface SagaRow {
  readonly kind: string;
  readonly key: string;
  readonly step: string;
  readonly data: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface SagaStore {
  get(kind: string, key: string): SagaRow | undefined;
  all(kind: string): readonly SagaRow[];
  put(row: SagaRow): void;
  remove(kind: string, key: string): void;
}

/**
 * `missing`: it lacks events. `unverified`: the key of a signer could not be fetched. `internal`: its decision threw.
 * `crashed`: it did so the third time, and only an administrator tries it again.
 */
export type ParkReason = 'missing' | 'unverified' | 'internal' | 'crashed';

/** A PDU that could not be decided. */
export interface ParkedRow {
  readonly eventId: EventId;
  readonly origin: ServerName;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
  readonly reason: ParkReason;
  /** Of `unverified`: the server whose key could not be fetched. Of `internal` and `crashed`: the error. */
  readonly detail: string | undefined;
  /** Events that it waits for. */
  readonly missing: readonly EventId[];
  /** Tries by time so far; of `internal`, all of them. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly parkedTs: number;
  /** When it is tried again (ms); `undefined`: not by itself. */
  readonly retryAt: number | undefined;
  /** We asked for it, as the parent of another. */
  readonly isPulled: boolean;
}

export interface ParkedStore {
  get(eventId: EventId): ParkedRow | undefined;
  put(row: ParkedRow): void;
  remove(eventId: EventId): void;
  waitingFor(eventId: EventId): readonly ParkedRow[];
  /** What is to be tried by `now`, longest due first; not what waits for another one that will be. */
  due(now: number, limit: number): readonly ParkedRow[];
  /** When the next is due (ms). */
  nextRetry(): number | undefined;
  /** All of them begin anew, as if they had just been parked, and are due. @returns how many. */
  renew(now: number): number;
  /** Longest parked first. */
  list(offset: number, limit: number): readonly ParkedRow[];
  /** Of everything that is due by `now`, and with `now` undefined of everything that is tried by time. */
  putOff(now: number | undefined, until: number | undefined): void;
  /** Keeps the newest of an origin, within a number of rows and of bytes of JSON. */
  trim(origin: ServerName, rows: number, bytes: number): void;
}

/** An event of a join's answer. */
export interface JoinEventRow {
  readonly eventId: EventId;
  readonly depth: number;
  /** Whether it is of the state before the join, rather than only of what that rests on. */
  readonly isState: boolean;
  /** Canonical JSON without `unsigned`; `undefined` once it is stored as an event. */
  readonly json: string | undefined;
  /** The server whose key could not be fetched; `undefined` where its signatures are checked. */
  readonly unverified: ServerName | undefined;
}

/** What a join's answer brought. Rows of events that wait outlive the join. */
export interface JoinEventStore {
  /** What is stored as an event stays so, and what was verified. */
  put(row: JoinEventRow): void;
  /** It is stored as an event now. */
  stored(eventId: EventId): void;
  /** Its key was fetched. */
  verified(eventId: EventId): void;
  remove(eventId: EventId): void;
  /** Those that are verified and not stored as events yet, lowest depth first. */
  open(offset: number, limit: number): readonly JoinEventRow[];
  unverifiedServers(): readonly ServerName[];
  /** The lowest depth first. */
  unverifiedOf(server: ServerName, limit: number): readonly JoinEventRow[];
  hasUnverified(): boolean;
  isState(eventId: EventId): boolean;
  /**
   * Keys that somebody holds now and somebody else, or nobody, in the state of the answer, as far as that is stored;
   * rejected events do not count.
   */
  changes(): ReadonlyMap<StateTuple, EventId | undefined>;
  /** `stored`: only what waits for nothing any more. */
  clear(which: 'all' | 'stored'): void;
}

/** An event as it goes into an answer. */
export interface AnswerRow {
  /** Names the event in this store: small, and never another's. */
  readonly row: number;
  readonly eventId: string;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
}

export interface StateRow extends AnswerRow {
  readonly type: string;
  readonly stateKey: string;
}

/** The key with which a page of the state begins at the earliest, and the type that it stops before. */
export interface StatePage {
  readonly from: { readonly type: string; readonly stateKey: string };
  readonly below?: string;
}

/** Events as they are stored, for answers that grow with the room: read page by page and never parsed. */
export interface AnswerStore {
  /** The main line at `pos`, by type and state key. */
  stateAt(pos: number, page: StatePage, limit: number): readonly StateRow[];
  /** Those that are stored, in any order. */
  byIds(eventIds: readonly string[]): readonly AnswerRow[];
  byRows(rows: readonly number[]): readonly AnswerRow[];
  /** The auth events of these events, as far as they are stored and state; each once. */
  authRowsOf(rows: readonly number[]): readonly number[];
  /** Servers with a user joined on the main line at `pos` who is none of these. */
  joinedServers(pos: number, exceptUsers: readonly string[]): readonly ServerName[];
}

/** All that a room keeps. Synchronous; every mutating use stands in one transaction that the object opens. */
export interface RoomStore {
  readonly space: SpaceStore;
  readonly meta: RoomMeta;
  readonly events: EventStore;
  readonly extremities: ExtremityStore;
  readonly state: StateStore;
  readonly stateLookups: StateLookups;
  readonly stream: StreamStore;
  readonly localUsers: LocalUserStore;
  readonly transactions: TransactionStore;
  readonly receivers: ReceiverStore;
  readonly sagas: SagaStore;
  readonly parked: ParkedStore;
  readonly joinEvents: JoinEventStore;
  readonly history: HistoryStore;
  readonly recent: RecentStore;
  readonly receipts: ReceiptStore;
  readonly erasures: ErasureStore;
  readonly relations: RelationStore;
  readonly retention: RetentionStore;
  readonly answers: AnswerStore;
  readonly prepared: PreparedStore;
}
