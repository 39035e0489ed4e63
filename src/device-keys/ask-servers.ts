import { userIdServer } from '../matrix/ids/user-id.ts';
import type { ServerName, UserId } from '../matrix/ids/brands.ts';

/** A Worker has six connections; what waits for one would only spend its time. */
const SERVERS_AT_ONCE = 6;

/** What is asked of our own users and of each other server's. */
export function byServer<T extends { readonly userId: UserId }>(
  items: readonly T[],
  serverName: ServerName,
): { readonly ours: readonly T[]; readonly theirs: ReadonlyMap<ServerName, readonly T[]> } {
  const theirs = Map.groupBy(items, ({ userId }) => userIdServer(userId));
  const ours = theirs.get(serverName) ?? [];
  theirs.delete(serverName);
  return { ours, theirs };
}

/**
 * Asks several servers within one time.
 * @param ask `undefined`: the server could not be asked.
 * @returns the servers that gave no answer, also those whose turn did not come.
 */
export async function askServers<T>(
  servers: ReadonlyMap<ServerName, T>,
  timeoutMs: number,
  ask: (server: ServerName, about: T, timeoutMs: number) => Promise<true | undefined>,
): Promise<readonly ServerName[]> {
  const deadline = Date.now() + timeoutMs;
  const waiting = [...servers];
  const silent: ServerName[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [server, about] = next;
      const left = deadline - Date.now();
      if (left <= 0 || (await ask(server, about, left)) === undefined) silent.push(server);
    }
  };
  await Promise.all(Array.from({ length: SERVERS_AT_ONCE }, work));
  return silent;
}
