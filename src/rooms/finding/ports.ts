import type { PublishedRoom } from '../../matrix/discovery/room-summary.ts';
import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
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

/** Other servers, as far as finding rooms goes. What they answer is bounded, and of the right shape. */
export interface RemoteFinding {
  publicRooms(server: ServerName, query: DirectoryQuery): Promise<Result<DirectoryPage, RemoteFailure>>;
}
