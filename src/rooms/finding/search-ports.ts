import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import type { EventFilter } from '../../matrix/event/event-filter.ts';
import type { EventId, RoomId, UserId } from '../../matrix/ids/brands.ts';

/** A place in the order by time. */
export interface SearchPlace {
  readonly ts: number;
  readonly id: number;
}

export interface CandidateQuery {
  /** Folded; all of them have to be there. At least one. */
  readonly words: readonly string[];
  readonly roomIds: readonly RoomId[];
  readonly types: readonly string[];
  readonly senders: readonly string[] | undefined;
  readonly notSenders: readonly string[] | undefined;
  readonly order: 'recent' | 'rank';
  /** By time: what comes after this place. */
  readonly after: SearchPlace | undefined;
  /** By rank: how many come before. */
  readonly offset: number;
  readonly limit: number;
}

/** An event that says the words, as far as the database of search knows. */
export interface Candidate {
  readonly place: SearchPlace;
  readonly eventId: EventId;
  readonly roomId: RoomId;
  readonly rank: number;
}

/** The database of search: never asked who may see what. */
export interface SearchCandidates {
  find(query: CandidateQuery): Promise<{ readonly found: readonly Candidate[]; readonly count: number }>;
  /** Those of these rooms of which not everything is there yet. */
  lacking(roomIds: readonly RoomId[], limit: number): Promise<readonly RoomId[]>;
}

/** What a room is asked to confirm. */
export interface ConfirmQuery {
  readonly userId: UserId;
  readonly scope: string;
  readonly eventIds: readonly EventId[];
  readonly filter: EventFilter;
  readonly ignoredUsers: readonly UserId[];
  readonly context: ContextWanted | undefined;
}

export interface ContextWanted {
  readonly before: number;
  readonly after: number;
  readonly profiles: boolean;
}

export interface SearchContext {
  readonly start: string;
  readonly end: string;
  readonly events_before: readonly ClientEventWithoutRoomId[];
  readonly events_after: readonly ClientEventWithoutRoomId[];
  readonly profile_info?: Readonly<Record<string, { readonly displayname?: string; readonly avatar_url?: string }>>;
}

/** An event that the user may see. */
export interface ConfirmedEvent {
  readonly event: ClientEventWithoutRoomId;
  readonly context?: SearchContext;
}

/** The room objects, as far as searching goes. */
export interface SearchedRooms {
  confirmFound(call: { roomId: RoomId } & ConfirmQuery): Promise<readonly ConfirmedEvent[]>;
  /** Throws `M_FORBIDDEN`. */
  readState(call: { roomId: RoomId; userId: UserId; scope: string }): Promise<readonly ClientEventWithoutRoomId[]>;
  /** Has the room fill in what was there before the database of search. */
  fillSearch(call: { roomId: RoomId }): Promise<void>;
}
