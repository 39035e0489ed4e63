import type { FoundUser } from '../matrix/discovery/user-match.ts';
import type { StateTuple } from '../matrix/event/state-map.ts';
import type { EventId, ServerName, UserId } from '../matrix/ids/brands.ts';

export interface StateInterval {
  readonly eventId: EventId;
  readonly fromPos: number;
  readonly toPos: number;
  readonly membership: string | undefined;
}

/** A key of the state at a position. */
export interface KeyAt {
  readonly type: string;
  readonly stateKey: string;
  readonly pos: number;
}

/** The main line, asked about many keys in one go, of which nothing is kept at hand. */
export interface StateLookups {
  /** Who holds each of the keys, in their order. */
  holders(keys: readonly KeyAt[]): readonly (EventId | undefined)[];
  /** Who holds the keys of all types but `m.room.member` at `pos`. */
  besidesMembers(pos: number): readonly EventId[];
}

/** The room's state: the main line as intervals of positions, and the groups that differ from it. Synchronous. */
export interface StateStore {
  /** Who holds a key on the main line at `pos`. */
  at(type: string, stateKey: string, pos: number): EventId | undefined;
  /** The whole main line at `pos`. */
  allAt(pos: number): Map<StateTuple, EventId>;
  /** Who holds the keys of one type at `pos`, by state key. */
  ofTypeAt(type: string, pos: number, limit: number): readonly EventId[];
  /** The keys of the main line that changed in `(from, to]`, with who held them at `from`. */
  changesBetween(from: number, to: number): Map<StateTuple, EventId | undefined>;
  /** Closes the open interval of a key and, with an event, opens the next at `pos`. */
  change(
    type: string,
    stateKey: string,
    eventId: EventId | undefined,
    pos: number,
    membership: string | undefined,
  ): void;
  /** Opens the interval of each `state` row after `pos`, of which nobody may hold the key. */
  openAfter(pos: number): void;
  /** Puts an event into the past of a key that nobody held at `fromPos`: until somebody took it, or to this day. */
  enter(type: string, stateKey: string, eventId: EventId, fromPos: number, membership: string | undefined): void;
  group(groupId: number): ReadonlyMap<StateTuple, EventId | undefined>;
  addGroup(basePos: number, changes: ReadonlyMap<StateTuple, EventId | undefined>): number;
  /** Every interval of a user's membership, oldest first. */
  memberships(userId: string): readonly StateInterval[];
  /** Users of a membership at `pos`. */
  membersAt(membership: string, pos: number): readonly { readonly userId: UserId; readonly eventId: EventId }[];
  /** The same of several memberships, in one go. */
  membersAmong<Kind extends string>(
    memberships: readonly Kind[],
    pos: number,
  ): readonly { readonly userId: UserId; readonly membership: Kind }[];
  /** Who is joined at `pos` with the name and avatar that the room has of them, those first who joined first. */
  joinedProfiles(pos: number, limit: number): Iterable<FoundUser>;
  /** Servers with a joined user at `pos`. */
  serversAt(pos: number): readonly ServerName[];
  /** Users of a server who are or were in the room, or invited to it; who is in it first. */
  usersOfServer(server: ServerName): readonly UserId[];
  /** Local users who were joined somewhere in `(from, to]`, with where each joined and left. */
  localMembersBetween(
    from: number,
    to: number,
  ): readonly { readonly userId: UserId; readonly fromPos: number; readonly toPos: number }[];
  /** Shards of local users with a joined user at `pos`. */
  shardsAt(pos: number): readonly string[];
  countMembers(membership: string, pos: number): number;
  /** Users of any of these memberships at `pos`, those first who have had it longest. */
  firstMembers(memberships: readonly string[], pos: number, limit: number): readonly UserId[];
}
