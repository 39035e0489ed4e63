import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { applyRange, type ShardApply } from '../../user/progress/apply-range.ts';
import { syncPlan, type SyncPlanQuery } from '../../user/progress/sync-plan.ts';
import { MemoryTypingBoard } from '../../user/progress/typing-board.ts';
import { unrecognized } from '../../matrix/error.ts';
import type { RpcResult } from '../call.ts';
import type { UserProgressRpc } from './rpc.ts';
import { UserObject } from './user-object.ts';

const NOTHING = { seq: 0, rooms: [], typing: [] };

/** A shard of local users. Thin: every method is one use-case of `src/user`. */
export class User extends UserObject implements UserProgressRpc {
  readonly #typing = new MemoryTypingBoard();

  async applyRange(call: ShardApply) {
    const answered = this.write({}, (now) => applyRange(this.progress, call, now));
    const changed = new Set(call.memberships.map(({ userId }) => userId));
    this.wake((userId) => changed.has(userId) || this.progress.room(userId, call.roomId)?.membership === 'join');
    return answered;
  }

  async applyTyping(call: { readonly roomId: RoomId; readonly userIds: readonly UserId[] }): Promise<RpcResult<void>> {
    const answered = this.write({}, () => this.#typing.set(call.roomId, call.userIds, this.progress.take()));
    this.wake((userId) => this.progress.room(userId, call.roomId)?.membership === 'join');
    return answered;
  }

  async syncPlan(call: SyncPlanQuery) {
    return this.read(NOTHING, () => syncPlan(this.progress, this.#typing, call));
  }

  async joinedRooms(call: { readonly userId: UserId }) {
    return this.read<readonly RoomId[]>([], () =>
      this.progress
        .roomsOf(call.userId)
        .filter(({ membership }) => membership === 'join')
        .map(({ roomId }) => roomId),
    );
  }

  async forgetRoom(call: { readonly userId: UserId; readonly roomId: RoomId; readonly opId?: string }) {
    return this.write(call, () => {
      const room = this.progress.room(call.userId, call.roomId);
      if (room !== undefined) this.progress.putRoom({ ...room, forgotten: true });
    });
  }

  async positionAt(call: { readonly roomId: RoomId; readonly seq: number }) {
    return this.read<number | undefined>(undefined, () => this.progress.positionAt(call.roomId, call.seq));
  }

  /**
   * A long poll, held by the Worker over a hibernatable socket. What is new since `since` is looked for in the turn
   * that accepts the socket, so that no wake-up falls between (contracts, section 1, "Long poll").
   */
  override async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const userId = searchParams.get('user') as UserId | null;
    const since = Number(searchParams.get('since'));
    if (userId === null || request.headers.get('upgrade') !== 'websocket') {
      return Response.json({ errcode: unrecognized('').errcode }, { status: 404 });
    }
    const socket = this.hold({ userId, deviceId: searchParams.get('device') ?? '' });
    const plan = this.isBorn()
      ? syncPlan(this.progress, this.#typing, { userId, since, fullState: false, includeLeave: true })
      : NOTHING;
    if (plan.rooms.length > 0 || plan.typing.length > 0) this.wake((waiting) => waiting === userId);
    return new Response(null, { status: 101, webSocket: socket });
  }

  override webSocketMessage(): void {
    // The Worker says nothing; it only closes.
  }
}
