import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import type { HistoryKey, StoredEvent } from '../store.ts';

/** A user for whom relations are gathered: what they may not see, and who they ignore, does not count. */
export interface RelationReader {
  readonly userId: UserId;
  readonly ignoredUsers: readonly UserId[];
  /** Where the user's last join ended: 0 for who was never in the room. */
  readonly joinedUntil: number;
  /** What was sent then (ms) or before does not count any more. */
  readonly horizon: number;
  /** Positions `[from, to)` at which the user was in the room, or invited to it. */
  readonly spans: readonly (readonly [from: number, to: number, membership: 'join' | 'invite'])[];
}

/** What may be an event's newest replacement: of the same sender and type. */
export interface EditedEvent {
  readonly eventId: EventId;
  readonly sender: UserId;
  readonly type: string;
}

export interface ThreadSummary {
  /** The newest reply in the order of the history. */
  readonly latest: EventId;
  /** Replies, at most 10,000. */
  readonly count: number;
  /** Whether the reader has replied in it. */
  readonly hasReplied: boolean;
}

export interface ChildrenQuery {
  readonly parentId: EventId;
  readonly relType: string | undefined;
  readonly type: string | undefined;
  /** 1: only what relates to the parent itself. Every event on the way has to be of these types. */
  readonly depth: number;
  readonly point: HistoryKey;
  readonly dir: 'b' | 'f';
  readonly limit: number;
}

export interface RelatedBy {
  readonly relTypes?: readonly string[];
  readonly senders?: readonly string[];
}

/** Relations that hold: of events in the history that were not redacted and have not expired. */
export interface RelationStore {
  /** Keeps, or drops, the relation of an event that was written. */
  note(event: StoredEvent): void;
  /** Which of these events have children that are aggregated, and of what type. */
  aggregatedTypes(eventIds: readonly EventId[]): ReadonlyMap<EventId, ReadonlySet<string>>;
  /** The most recent valid replacement of each. Source: Client-Server API, "Server-side aggregation of `m.replace`". */
  latestEdits(events: readonly EditedEvent[], reader: RelationReader): ReadonlyMap<EventId, EventId>;
  /** Of those with a reply that counts. */
  threads(roots: readonly EventId[], reader: RelationReader): ReadonlyMap<EventId, ThreadSummary>;
  /** What refers to each, oldest first, at most `limit` of each. */
  references(
    eventIds: readonly EventId[],
    reader: RelationReader,
    limit: number,
  ): ReadonlyMap<EventId, readonly EventId[]>;
  /** Children in the order of the history. */
  children(query: ChildrenQuery): readonly EventId[];
  /** Those to which an event relates that has one of these types and one of these senders. */
  relatedBy(eventIds: readonly EventId[], by: RelatedBy): ReadonlySet<EventId>;
  isAnnotated(by: {
    readonly parentId: EventId;
    readonly sender: UserId;
    readonly type: string;
    readonly key: string;
  }): boolean;
  /** Roots of threads, known or not, by the place of their newest reply before a point; newest first. */
  threadsBefore(point: HistoryKey, limit: number): readonly { readonly rootId: EventId; readonly place: HistoryKey }[];
  /** Events with a relation, in the order in which they were stored: for filling the tables of an older room. */
  storedAfter(row: number, limit: number): readonly { readonly row: number; readonly eventId: EventId }[];
}
