import type { ServerName } from '../matrix/ids/brands.ts';
import type { DestinationRegistry } from './destination-registry.ts';

const PAUSE_MS = 60_000;
const MAX_REMEMBERED = 5_000;

/**
 * Wakes the object of a server from which an authenticated request came: it is up again, whatever its back-off says.
 * At most once a minute for each, and only where it has an object.
 * @returns what to wait for before the isolate may go, or `undefined` where nothing is to be done. Never rejects.
 */
export function originWaker(options: {
  readonly registry: Pick<DestinationRegistry, 'has'>;
  readonly wake: (origin: ServerName) => Promise<void>;
  readonly now: () => number;
}): (origin: ServerName) => Promise<void> | undefined {
  const lastWoken = new Map<ServerName, number>();

  async function wake(origin: ServerName): Promise<void> {
    try {
      if (await options.registry.has(origin)) await options.wake(origin);
    } catch {
      // Its alarm comes in any case.
    }
  }

  return (origin) => {
    const now = options.now();
    if (now - (lastWoken.get(origin) ?? -PAUSE_MS) < PAUSE_MS) return undefined;
    lastWoken.delete(origin);
    lastWoken.set(origin, now);
    const oldest = lastWoken.keys().next();
    if (lastWoken.size > MAX_REMEMBERED && oldest.done !== true) lastWoken.delete(oldest.value);
    return wake(origin);
  };
}

/** What was held back by the settings is tried now. Each failure is one server's, and its own back-off ends it. */
export async function wakeAll({
  registry,
  destinations,
}: {
  readonly registry: Pick<DestinationRegistry, 'latest'>;
  readonly destinations: { wake(server: ServerName): Promise<void> };
}): Promise<void> {
  const servers = await registry.latest().catch(() => []);
  await Promise.allSettled(servers.map((server) => destinations.wake(server)));
}
