import type { RequiredState } from '../../matrix/event/required-state.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';

/** What a room last said of itself. */
export interface KnownRoom {
  /** `seq` of the last range with an event. */
  readonly activeSeq: number;
  /** Of the last with one that counts as activity to people; 0: none was seen. */
  readonly bumpSeq: number;
  readonly roomType: string | null;
  readonly isEncrypted: boolean;
}

/** Whose connection it is, and what the client calls it. */
export interface ConnectionName {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly connId: string;
}

/** One state of a connection: what the client knew when it had been given this answer. */
export interface Generation {
  readonly generation: number;
  /** Of the shard when the answer was planned. */
  readonly seq: number;
  /** Account data was told up to here; 0: none yet. */
  readonly accountSeq: number;
}

/** The generation that the client has proved to have, and the newest. Others are no more. */
export interface Connection extends ConnectionName {
  readonly connection: string;
  readonly base: Generation;
  readonly newest: Generation;
}

/** What the client knows of a room. */
export interface SentRoom {
  /** Position of the room. */
  readonly pos: number;
  readonly membership: string;
  /** How many of the newest events up to `pos` the client has. */
  readonly seen: number;
  /** What state it is up to date with; empty where that was too much to keep. */
  readonly required: readonly RequiredState[];
  readonly isDirect: boolean;
  /** Receipts were told up to here; `undefined`: none yet. */
  readonly receiptsPos: number | undefined;
  /** Whether it has what the user keeps with the room. */
  readonly hasAccountData: boolean;
}

/** Connections of sliding sync, and what rooms are sorted and filtered by. Synchronous. */
export interface SlidingStore {
  knownRoom(roomId: RoomId): KnownRoom | undefined;
  /** Of all rooms of a user. */
  knownRooms(userId: UserId): ReadonlyMap<RoomId, KnownRoom>;
  putKnownRoom(roomId: RoomId, room: KnownRoom): void;
  /** The room's positions mean nothing any more. */
  forgetRoom(roomId: RoomId): void;
  connection(connection: string): Connection | undefined;
  /** Ends the device's one of that name, the oldest of more than `limit`, and the user's of before `unusedSince`. */
  makeRoomFor(name: ConnectionName, limit: number, unusedSince: number): void;
  putConnection(connection: Connection, now: number): void;
  removeConnectionsOf(userId: UserId, deviceId: string): void;
  /** What the client knew at a generation. */
  sentRooms(connection: string, generation: number): ReadonlyMap<RoomId, SentRoom>;
  putSentRooms(
    connection: string,
    generation: number,
    rooms: readonly { readonly roomId: RoomId; readonly room: SentRoom }[],
  ): void;
  /** Drops what came after a generation. */
  dropAfter(connection: string, generation: number): void;
  /** Drops what a generation replaced. */
  dropBefore(connection: string, generation: number): void;
}
