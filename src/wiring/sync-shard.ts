import type { ShardClient } from '../durable/user/client.ts';
import type { SyncPlan, SyncPlanQuery, SyncShard } from '../sync/ports.ts';

/** Meets the shard's port of `src/sync`: the wait is held here, in the Worker, over a hibernatable socket. */
export function syncShard(client: ShardClient): SyncShard {
  return {
    keyCounts: ({ userId, deviceId }) => client.keyCounts({ userId, deviceId }),
    plan: (query) => client.syncPlan(withoutNone(query)),
    wait: async ({ after, timeoutMs, ...query }) => {
      const frame = await nextMessage(await client.wait({ after, plan: withoutNone(query) }), timeoutMs);
      return frame === undefined ? undefined : (JSON.parse(frame) as SyncPlan);
    },
  };
}

function withoutNone({ owedSince, presence, toDevice, ...query }: SyncPlanQuery) {
  return {
    ...query,
    ...(owedSince === undefined ? {} : { owedSince }),
    ...(presence === undefined ? {} : { presence }),
    ...(toDevice === undefined ? {} : { toDevice }),
  };
}

/** A socket that closes (a deploy, an eviction) is no news and no error: the client asks again by itself. */
export function nextMessage(socket: WebSocket, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = (frame: string | undefined) => {
      clearTimeout(timer);
      socket.close(1000);
      resolve(frame);
    };
    const timer = setTimeout(() => end(undefined), timeoutMs);
    socket.addEventListener('message', ({ data }) => end(String(data)), { once: true });
    socket.addEventListener('close', () => end(undefined), { once: true });
    socket.addEventListener('error', () => end(undefined), { once: true });
  });
}
