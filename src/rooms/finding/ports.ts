import type { PublishedRoom, RoomSummary } from '../../matrix/discovery/room-summary.ts';
import type { SpaceChild } from '../../matrix/discovery/space-child.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { Result } from '../../matrix/result.ts';
import type { RemoteFailure } from '../ports.ts';

/** A room's place in the directory: rooms with more members come first. */
export interface PublishedKey {
  readonly joinedMembers: number;
  readonly roomId: RoomId;
}

/** What the directory keeps of a room. */
export interface DirectoryEntry {
  readonly roomId: RoomId;
  readonly pos: number;
  readonly joinedMembers: number;
  readonly roomType: string | null;
  readonly search: string;
  /** JSON. */
  readonly summary: string;
  /** JSON of what administrators are shown besides. */
  readonly details: string;
}

export interface PublishedPageQuery {
  /** The place after which the page begins (`f`; `undefined`: at the top), or before which it ends (`b`). */
  readonly from: PublishedKey | undefined;
  readonly dir: 'f' | 'b';
  readonly limit: number;
  readonly search: string | undefined;
  /** `null` stands for rooms without a type. */
  readonly roomTypes: readonly (string | null)[] | undefined;
}

/** The published rooms of this server, as the projection knows them. */
export interface PublishedRooms {
  /** In the directory's order, whatever the direction. */
  page(query: PublishedPageQuery): Promise<readonly { readonly key: PublishedKey; readonly room: PublishedRoom }[]>;
  /** How many there are, as of lately. */
  count(): Promise<number>;
  /** Published rooms of which the projection knows nothing yet; a bounded number. */
  lacking(): Promise<readonly RoomId[]>;
  put(entry: DirectoryEntry): Promise<void>;
}

/** What is asked of a directory. */
export interface DirectoryQuery {
  /** As the server itself puts no limit: `undefined`. */
  readonly limit: number | undefined;
  readonly since: string | undefined;
  readonly search: string | undefined;
  readonly roomTypes: readonly (string | null)[] | undefined;
  /** Rooms of this network only, unless all are wanted. */
  readonly network: string | undefined;
  readonly allNetworks: boolean;
}

/** A page of a directory. Source: Client-Server API, `GET /publicRooms`. */
export interface DirectoryPage {
  readonly chunk: readonly PublishedRoom[];
  readonly next_batch?: string;
  readonly prev_batch?: string;
  readonly total_room_count_estimate?: number;
}

/** Who looks: a user of ours, another server, or somebody of whom nothing is known. */
export type Finder =
  | { readonly kind: 'user'; readonly userId: UserId }
  | { readonly kind: 'server'; readonly server: ServerName }
  | { readonly kind: 'anybody' };

/** A room as it may be shown to who looks. */
export interface FoundRoom {
  readonly kind: 'found';
  readonly summary: RoomSummary;
  /** Of a space: what belongs to it, in its order. */
  readonly children: readonly SpaceChild[];
  /** Of a user. */
  readonly membership?: string;
}

/** `hidden`: we are in it, and it is not shown. `elsewhere`: we are not in it. */
export type FindAnswer =
  | FoundRoom
  | { readonly kind: 'depends'; readonly on: readonly RoomId[] }
  | { readonly kind: 'hidden' }
  | { readonly kind: 'elsewhere'; readonly membership?: string };

/** The room objects, as far as finding them goes. */
export interface FindableRooms {
  findRoom(call: { roomId: RoomId; finder: Finder; memberOf?: readonly RoomId[] }): Promise<FindAnswer>;
  /** `undefined`: we are not in that room. */
  isJoined(call: { roomId: RoomId; userId: UserId }): Promise<boolean | undefined>;
  hasServer(call: { roomId: RoomId; server: ServerName }): Promise<boolean | undefined>;
}

export interface FindingRooms {
  readonly rooms: FindableRooms;
  readonly registry: { has(roomId: RoomId): Promise<boolean> };
}

/** A room as another server shows it to us. */
export interface RemoteHierarchy {
  readonly room: RoomSummary;
  readonly children_state: readonly SpaceChild[];
  /** Summaries of the children that it knows. */
  readonly children: readonly RoomSummary[];
  readonly inaccessible_children: readonly RoomId[];
}

/** A time (ms since the epoch), and whether what is sought lies at or after it (`f`), or at or before. */
export interface TimeQuery {
  readonly ts: number;
  readonly dir: 'f' | 'b';
}

export interface TimedEvent {
  readonly eventId: EventId;
  readonly originServerTs: number;
}

/** The room objects, as far as finding events goes. */
export interface TimedRooms {
  /** Throws `M_FORBIDDEN`. `holes`: events below which a closer one may lie, which we do not have. */
  readByTime(
    call: { roomId: RoomId; userId: UserId } & TimeQuery,
  ): Promise<{ readonly event: TimedEvent | undefined; readonly holes: readonly EventId[] }>;
  joinedServers(call: { roomId: RoomId }): Promise<readonly ServerName[]>;
  unknownEvents(call: { roomId: RoomId; eventIds: readonly EventId[] }): Promise<readonly EventId[]>;
}

/** Other servers, as far as finding rooms goes. What they answer is bounded, and of the right shape. */
export interface RemoteFinding {
  publicRooms(server: ServerName, query: DirectoryQuery): Promise<Result<DirectoryPage, RemoteFailure>>;
  eventByTime(
    server: ServerName,
    query: { readonly roomId: RoomId } & TimeQuery,
  ): Promise<Result<TimedEvent, RemoteFailure>>;
  hierarchy(
    server: ServerName,
    query: { readonly roomId: RoomId; readonly suggestedOnly: boolean },
  ): Promise<Result<RemoteHierarchy, RemoteFailure>>;
}
