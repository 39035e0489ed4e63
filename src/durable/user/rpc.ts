import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { RpcResult } from '../call.ts';
import type { ShardApply, ShardAnswer } from '../../user/progress/apply-range.ts';
import type { SyncPlan, SyncPlanQuery } from '../../user/progress/sync-plan.ts';

/** The part of a `User` shard that rooms and syncs call. */
export interface UserProgressRpc {
  /** A range of a room's stream (contracts, section 2). */
  applyRange(call: ShardApply): Promise<RpcResult<ShardAnswer>>;
  /** Who types in a room; never a row. */
  applyTyping(call: { readonly roomId: RoomId; readonly userIds: readonly UserId[] }): Promise<RpcResult<void>>;
  syncPlan(call: SyncPlanQuery): Promise<RpcResult<SyncPlan>>;
  joinedRooms(call: { readonly userId: UserId }): Promise<RpcResult<readonly RoomId[]>>;
  forgetRoom(call: {
    readonly userId: UserId;
    readonly roomId: RoomId;
    readonly opId?: string;
  }): Promise<RpcResult<void>>;
  /** Where a user's room stood at a token's `seq`. */
  positionAt(call: { readonly roomId: RoomId; readonly seq: number }): Promise<RpcResult<number | undefined>>;
}
