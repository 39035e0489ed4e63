import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { callObject, type RpcResult } from '../call.ts';
import type { ObjectStubs } from '../objects.ts';
import type { UserProgressRpc } from './rpc.ts';

type Answer<Method> = Method extends (call: never) => Promise<RpcResult<infer T>> ? T : never;

/** The shards of local users, for rooms and syncs. */
export interface ShardClient {
  applyRange(
    shard: string,
    call: Parameters<UserProgressRpc['applyRange']>[0],
  ): Promise<Answer<UserProgressRpc['applyRange']>>;
  applyTyping(shard: string, call: Parameters<UserProgressRpc['applyTyping']>[0]): Promise<void>;
  syncPlan(
    shard: string,
    call: Parameters<UserProgressRpc['syncPlan']>[0],
  ): Promise<Answer<UserProgressRpc['syncPlan']>>;
  joinedRooms(shard: string, userId: UserId): Promise<readonly RoomId[]>;
  forgetRoom(shard: string, userId: UserId, roomId: RoomId): Promise<void>;
  positionAt(shard: string, roomId: RoomId, seq: number): Promise<number | undefined>;
  /** Opens a wait for news; resolves to a socket that gets a message when there are any. */
  wait(shard: string, query: { userId: UserId; deviceId: string; since: number }): Promise<WebSocket>;
}

export function shardClient(stubs: ObjectStubs): ShardClient {
  const call = <T>(shard: string, work: (stub: UserProgressRpc) => Promise<RpcResult<T>>): Promise<T> =>
    callObject(() => stubs.userShard(shard) as unknown as UserProgressRpc, work);
  return {
    applyRange: (shard, input) => call(shard, (stub) => stub.applyRange(input)),
    applyTyping: (shard, input) => call(shard, (stub) => stub.applyTyping(input)),
    syncPlan: (shard, input) => call(shard, (stub) => stub.syncPlan(input)),
    joinedRooms: (shard, userId) => call(shard, (stub) => stub.joinedRooms({ userId })),
    forgetRoom: (shard, userId, roomId) =>
      call(shard, (stub) => stub.forgetRoom({ userId, roomId, opId: crypto.randomUUID() })),
    positionAt: (shard, roomId, seq) => call(shard, (stub) => stub.positionAt({ roomId, seq })),
    wait: async (shard, { userId, deviceId, since }) => {
      const query = new URLSearchParams({ user: userId, device: deviceId, since: String(since) });
      const response = await stubs.userShard(shard).fetch(`https://shard/wait?${query.toString()}`, {
        headers: { upgrade: 'websocket' },
      });
      if (response.webSocket === null) throw new Error('the shard gave no socket');
      response.webSocket.accept();
      return response.webSocket;
    },
  };
}
