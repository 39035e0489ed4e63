import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../support/node/eyrie-server.ts';
import { FoldingClient } from '../support/node/folding-client.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { RandomWorkload } from '../support/node/random-workload.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';
import { until } from '../support/node/until.ts';
import { Random } from '../support/simulator/random.ts';

/** Other workloads, and longer ones: `EYRIE_TEST_SEED=2 EYRIE_TEST_STEPS=500 npm run test:clients -- workload`. */
const seed = Number(process.env['EYRIE_TEST_SEED'] ?? '1');
const steps = Number(process.env['EYRIE_TEST_STEPS'] ?? '40');
const AT_ONCE = 3;
const EARLIER_TOKENS = 5;
/** seconds on a machine of its own; a longer workload takes longer */
const TIME_LIMIT_MS = 240_000 + steps * 2000;

let servers: readonly [EyrieServer, EyrieServer];

beforeAll(async () => {
  servers = await startTwoEyries();
});
afterAll(() => Promise.all(servers.map((server) => server.remove())));

/** Every user may do everything but what nobody may. */
const power = { users_default: 50, state_default: 50, events_default: 0, kick: 50, redact: 50, invite: 0 };

test(
  `what syncs delivered, folded, is history and state, from any token, across restarts (seed ${seed})`,
  async () => {
    const random = new Random(seed);
    const registered = servers.flatMap(({ clientUrl }) =>
      ['one', 'two'].map((name) => new MatrixClient(clientUrl).register(name)),
    );
    const users = await Promise.all(registered);
    const rooms: string[] = [];
    for (const server of servers) {
      const creator = users.find(({ baseUrl }) => baseUrl === server.clientUrl);
      if (creator === undefined) throw new Error('unreachable');
      const roomId = await creator.createRoom({ preset: 'public_chat', power_level_content_override: power });
      for (const user of users) await user.join(roomId, [server.serverName]);
      rooms.push(roomId);
    }
    const workload = new RandomWorkload(random, users, rooms);
    const followers = users.flatMap((user) => [
      new FoldingClient(user, { limit: 2, useStateAfter: false }),
      new FoldingClient(user, { limit: 100, useStateAfter: false }),
      new FoldingClient(user, { limit: 5, useStateAfter: true }),
    ]);

    /** Users of the servers that are up act, some at once, while some of their clients follow. */
    const live = async (count: number, down?: EyrieServer): Promise<void> => {
      const mayAct = ({ baseUrl }: MatrixClient): boolean => baseUrl !== down?.clientUrl;
      for (let step = 0; step < count; step += 1) {
        const following = followers.filter(({ client }) => mayAct(client) && random.chance(0.25));
        const acting = Array.from({ length: AT_ONCE }, () => workload.step(mayAct));
        await Promise.all([...acting, ...following.map((follower) => follower.sync())]);
      }
    };
    await live(steps);
    for (const [index, server] of servers.entries()) {
      await (index === 0 ? server.stop() : server.kill9('all'));
      await live(Math.ceil(steps / 8), server);
      await server.launch().ready();
      await live(Math.ceil(steps / 4));
    }

    // Everybody comes back, so that both servers have all of both rooms.
    for (const roomId of rooms)
      for (const user of users)
        await user.join(
          roomId,
          servers.map(({ serverName }) => serverName),
        );
    const agree = (follower: FoldingClient): Promise<unknown> =>
      until(
        `what ${follower.name} was told to be so`,
        async () => {
          await follower.sync();
          expect(await follower.differences()).toEqual([]);
          return true;
        },
        20_000,
      );
    for (const follower of followers) await agree(follower);
    for (const roomId of rooms) {
      const states = users.map(
        async (user) => (await user.request<unknown[]>('GET', `/rooms/${encodeURIComponent(roomId)}/state`)).length,
      );
      expect(new Set(await Promise.all(states)).size).toBe(1);
    }
    for (const follower of followers) {
      const { earlier } = follower;
      for (let tries = 0; tries < EARLIER_TOKENS && earlier.length > 0; tries += 1) await agree(random.pick(earlier));
    }
  },
  TIME_LIMIT_MS,
);
