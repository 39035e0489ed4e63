import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { ProgressStore, UserRoom } from './store.ts';

export interface SyncPlanQuery {
  readonly userId: UserId;
  /** `seq` of the client's token; `undefined`: an initial sync. */
  readonly since: number | undefined;
  /** Corrections are owed since here: rooms that moved after it are read again. */
  readonly owedSince?: number;
  readonly fullState: boolean;
  readonly includeLeave: boolean;
}

/** A room to read up to `to`, from `from` or, where that is unknown, with its full state. */
export interface PlannedRoom {
  readonly roomId: RoomId;
  readonly membership: string;
  readonly from: number | undefined;
  readonly to: number;
  readonly owedFrom: number | undefined;
  readonly wasJoined: boolean;
}

export interface SyncPlan {
  /** For the next token. */
  readonly seq: number;
  readonly rooms: readonly PlannedRoom[];
  /** Who types in the rooms where that changed. */
  readonly typing: readonly { readonly roomId: RoomId; readonly userIds: readonly UserId[] }[];
}

export interface TypingBoard {
  changedAfter(seq: number): readonly TypingInRoom[];
}

export interface TypingInRoom {
  readonly roomId: RoomId;
  readonly userIds: readonly UserId[];
  /** Of the shard when it became so. */
  readonly seq: number;
}

/**
 * Which rooms a sync has to read, all positions taken in one turn. A token ahead of the log (it is of a time before a
 * restore) is answered as a gap in every room, never by waiting (contracts, section 1).
 */
export function syncPlan(store: ProgressStore, typing: TypingBoard, query: SyncPlanQuery): SyncPlan {
  const seq = store.head();
  const since = query.since === undefined || query.since > seq ? undefined : query.since;
  const moved = since === undefined ? undefined : store.movedAfter(Math.min(since, query.owedSince ?? since));
  const rooms = store
    .roomsOf(query.userId)
    .filter((room) => !room.forgotten && isWanted(room, { ...query, since }, moved))
    .flatMap((room) => {
      const to = store.cursor(room.roomId)?.pos;
      const from = since === undefined ? undefined : store.positionAt(room.roomId, since);
      const { roomId, membership, wasJoined } = room;
      // A room that was unknown then was told whole: all of it is owed.
      const owedFrom = query.owedSince === undefined ? undefined : (store.positionAt(roomId, query.owedSince) ?? 0);
      return to === undefined ? [] : [{ roomId, membership, from, to, owedFrom, wasJoined }];
    });
  const changes = typing.changedAfter(since ?? 0);
  const isIn = (roomId: RoomId) => store.room(query.userId, roomId)?.membership === 'join';
  const told = changes.filter(({ roomId }) => isIn(roomId));
  return { seq, rooms, typing: told.map(({ roomId, userIds }) => ({ roomId, userIds })) };
}

function isWanted(
  room: UserRoom,
  { since, fullState, includeLeave }: SyncPlanQuery,
  moved: ReadonlySet<RoomId> | undefined,
): boolean {
  const isPresent = room.membership === 'join' || room.membership === 'invite' || room.membership === 'knock';
  if (since === undefined) return isPresent || (includeLeave && room.wasJoined);
  if (room.membership === 'join') return fullState || moved?.has(room.roomId) === true;
  return room.seq > since;
}
