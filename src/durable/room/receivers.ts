import type { Config, Env } from '../../config.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import type { Confirmation, Receivers } from '../../room/dispatch/dispatcher.ts';
import { projectionRepository } from '../../storage/d1/projection-repository.ts';
import { federationOf } from '../federation.ts';
import { withinTime } from '../within-time.ts';
import { objectStubs } from '../objects.ts';
import { shardClient } from '../user/client.ts';

const CONFIRMED: Confirmation = { kind: 'confirmed' };

/** A call that does not answer has not confirmed. */
const CALL_TIMEOUT_MS = 10_000;

/** Meets the dispatcher's port: shards of users, destinations, the projection in D1. */
export function roomReceivers(env: Env, config: Config): Receivers {
  const stubs = objectStubs(env, config);
  const shards = shardClient(stubs);
  const projection = projectionRepository(env.DB);
  return {
    shard: (shard, range) =>
      withinTime(CALL_TIMEOUT_MS, shards(shard).applyRange({ ...range, roomId: range.roomId as RoomId })),
    destinations: async (servers, range, answered) => {
      const { destinations } = federationOf(env, config);
      const offer = { ...range, roomId: range.roomId as RoomId };
      await Promise.allSettled(
        servers.map(async (server) => {
          const answer = await withinTime(CALL_TIMEOUT_MS, destinations.offer(server, offer));
          answered(server, answer === 'detached' ? { kind: 'detached' } : CONFIRMED);
        }),
      );
    },
    projector: async (range) => {
      await withinTime(CALL_TIMEOUT_MS, projection.write(range));
      return CONFIRMED;
    },
  };
}
