import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { RoomActivity } from '../sliding/note-activity.ts';
import type { ProgressStore } from './store.ts';

export interface ShardMembership {
  readonly userId: UserId;
  readonly membership: string;
  /** Of the event. */
  readonly sender: UserId;
  readonly pos: number;
}

/** A range of a room's stream. `from: undefined`: the room holds no cursor for this shard. */
export interface ShardApply {
  readonly roomId: RoomId;
  readonly epoch: string;
  readonly from: number | undefined;
  readonly to: number;
  readonly memberships: readonly ShardMembership[];
  /** Whether a membership changed, also of users who are not the shard's. */
  readonly hasMemberships: boolean;
  readonly activity: RoomActivity;
}

export type ShardAnswer = { readonly kind: 'confirmed' } | { readonly kind: 'behind'; readonly cursor: number };

/**
 * Applies a range, in the transaction that is open: ordered per room, and nothing the second time. One row in the log
 * for all users of the shard (contracts, section 2).
 */
export function applyRange(store: ProgressStore, call: ShardApply, now: number): ShardAnswer {
  const { roomId, epoch, from, to } = call;
  const cursor = store.cursor(roomId);
  if (cursor !== undefined && cursor.epoch === epoch) {
    if (to <= cursor.pos) return { kind: 'confirmed' };
    if (from !== undefined && from > cursor.pos && hasMember(store, roomId))
      return { kind: 'behind', cursor: cursor.pos };
  }
  if (cursor !== undefined && cursor.epoch !== epoch) store.forgetLog(roomId);
  const seq = store.take();
  for (const change of call.memberships) applyMembership(store, roomId, change, seq);
  store.append(seq, roomId, to, now);
  store.setCursor(roomId, epoch, to);
  return { kind: 'confirmed' };
}

/** Users of the shard whom a range, which is not applied yet, brings into the room. */
export function joinersOf(store: Pick<ProgressStore, 'room'>, { roomId, memberships }: ShardApply): readonly UserId[] {
  const last = new Map(memberships.map(({ userId, membership }) => [userId, membership]));
  return [...last].flatMap(([userId, membership]) => {
    const isNew = membership === 'join' && store.room(userId, roomId)?.membership !== 'join';
    return isNew ? [userId] : [];
  });
}

/** A shard without a member gets no ranges: the first one after it came back begins where the room says. */
function hasMember(store: ProgressStore, roomId: RoomId): boolean {
  return store.hasJoined(roomId);
}

function applyMembership(store: ProgressStore, roomId: RoomId, change: ShardMembership, seq: number): void {
  const held = store.room(change.userId, roomId);
  if (held !== undefined && held.fromPos >= change.pos) return;
  const isSame = held?.membership === change.membership;
  store.putRoom({
    userId: change.userId,
    roomId,
    membership: change.membership,
    fromPos: change.pos,
    seq: isSame ? held.seq : seq,
    wasJoined: held?.wasJoined === true || change.membership === 'join',
    forgotten: held?.forgotten === true && change.membership === 'leave',
    byOther: change.sender !== change.userId,
  });
}
