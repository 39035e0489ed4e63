import type { ShardClient } from '../durable/user/client.ts';
import type { SyncShard } from '../sync/ports.ts';

/** Meets the shard's port of `src/sync`: the wait is held here, in the Worker, over a hibernatable socket. */
export function syncShard(client: ShardClient): SyncShard {
  return {
    plan: ({ owedSince, ...query }) => client.syncPlan(owedSince === undefined ? query : { ...query, owedSince }),
    accountData: (userId, since) => client.accountDataAfter({ userId, seq: since }),
    wait: async ({ timeoutMs, ...query }) => {
      const socket = await client.wait(query);
      return waitForMessage(socket, timeoutMs);
    },
  };
}

/** A socket that closes (a deploy, an eviction) is no news and no error: the client asks again by itself. */
function waitForMessage(socket: WebSocket, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isNew: boolean) => {
      clearTimeout(timer);
      socket.close(1000);
      resolve(isNew);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    socket.addEventListener('message', () => end(true), { once: true });
    socket.addEventListener('close', () => end(false), { once: true });
    socket.addEventListener('error', () => end(false), { once: true });
  });
}
