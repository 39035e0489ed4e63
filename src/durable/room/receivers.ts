import type { Config, Env } from '../../config.ts';
import type { OfferAnswer } from '../../federation/sending/ports.ts';
import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { removeOverdue } from '../../media/remove-overdue.ts';
import type { Confirmation, Receivers } from '../../room/dispatch/dispatcher.ts';
import { mediaRepository } from '../../storage/d1/media-repository.ts';
import { projectionRepository } from '../../storage/d1/projection-repository.ts';
import { searchWriter } from '../../storage/search-db/search-repository.ts';
import { mediaFiles } from '../../storage/r2/media-files.ts';
import { federationOf } from '../federation.ts';
import { withinTime } from '../within-time.ts';
import { objectStubs } from '../objects.ts';
import { settingsOf } from '../settings.ts';
import { RetentionSweep } from './retention-sweep.ts';
import { shardClient } from '../user/client.ts';

const CONFIRMED: Confirmation = { kind: 'confirmed' };
const CONFIRMATIONS: Readonly<Record<OfferAnswer, Confirmation>> = {
  sent: CONFIRMED,
  taken: { kind: 'confirmed', isKept: true },
  detached: { kind: 'detached' },
};

/** A call that does not answer has not confirmed. */
const CALL_TIMEOUT_MS = 10_000;

/** Meets the dispatcher's port: shards of users, destinations, the projections in D1. */
export function roomReceivers(env: Env, config: Config, search: Receivers['search']): Receivers {
  const stubs = objectStubs(env, config);
  const shards = shardClient(stubs);
  const projection = projectionRepository(env.DB);
  const settings = settingsOf(env, config);
  const files = { records: mediaRepository(env.DB), files: mediaFiles(env.MEDIA), now: Date.now };
  const register = onceForEach<ServerName>((servers) =>
    withinTime(CALL_TIMEOUT_MS, federationOf(env, config).registry.addAll(servers)),
  );
  return {
    search,
    shard: (shard, range) =>
      withinTime(CALL_TIMEOUT_MS, shards(shard).applyRange({ ...range, roomId: range.roomId as RoomId })),
    destination: async (server, range) => {
      await register(server);
      const { destinations } = federationOf(env, config);
      const offer = { ...range, roomId: range.roomId as RoomId };
      return CONFIRMATIONS[await withinTime(CALL_TIMEOUT_MS, destinations.offer(server, offer))];
    },
    projector: async (range) => {
      const { values } = await withinTime(CALL_TIMEOUT_MS, settings.snapshot());
      const { retiredMedia } = await withinTime(
        CALL_TIMEOUT_MS,
        projection.write(range, values['media.delete_with_event']),
      );
      // What is not removed now is removed later, as overdue.
      if (retiredMedia) await withinTime(CALL_TIMEOUT_MS, removeOverdue(files)).catch(() => {});
      return CONFIRMED;
    },
  };
}

/** Meets what forgets expired messages besides the room. */
export function roomSweep(
  env: Env,
  config: Config,
  parts: Omit<ConstructorParameters<typeof RetentionSweep>[0], 'forgetting' | 'serverName'>,
): RetentionSweep {
  const files = { records: mediaRepository(env.DB), files: mediaFiles(env.MEDIA), now: Date.now };
  const settings = settingsOf(env, config);
  return new RetentionSweep({
    ...parts,
    serverName: config.serverName,
    forgetting: {
      projection: projectionRepository(env.DB),
      search: env.SEARCH === undefined ? undefined : searchWriter(env.SEARCH),
      deletesMedia: async () => (await settings.snapshot()).values['media.delete_with_event'],
      removeFiles: async () => {
        await removeOverdue(files);
      },
    },
  });
}

/**
 * Does `work` once for each item. Those that come while it is under way go together: a room of a thousand servers would
 * otherwise write a thousand times into D1.
 */
function onceForEach<T>(work: (items: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  const done = new Set<T>();
  let waiting = new Set<T>();
  let next: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();
  const runNext = async (): Promise<void> => {
    await last.catch(() => {});
    const items = [...waiting];
    waiting = new Set();
    next = undefined;
    await work(items);
    for (const item of items) done.add(item);
  };
  return async (item) => {
    if (done.has(item)) return;
    waiting.add(item);
    if (next === undefined) {
      next = runNext();
      last = next;
    }
    await next;
  };
}
