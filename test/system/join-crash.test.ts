import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';
import { until } from '../support/node/until.ts';

const ROOMS = 4;
/** A join that nobody works on is taken over after 30 s, by an alarm. */
const RESUMED_MS = 100_000;

let host: EyrieServer;
let peer: EyrieServer;
let alice: MatrixClient;
let bob: MatrixClient;

beforeAll(async () => {
  [host, peer] = await startTwoEyries();
  alice = await new MatrixClient(host.clientUrl).register('alice');
  bob = await new MatrixClient(peer.clientUrl).register('bob');
});
afterAll(() => Promise.all([host.remove(), peer.remove()]));

test(
  'a join that the other server has accepted is finished after a kill, and nobody counts as joined at one side alone',
  { timeout: 300_000 },
  async () => {
    const rooms = await Promise.all(Array.from({ length: ROOMS }, () => alice.createRoom({ preset: 'public_chat' })));
    const hostSays = async (roomId: string) => {
      const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/joined_members`;
      const { joined } = await alice.request<{ joined: object }>('GET', path);
      return Object.hasOwn(joined, bob.userId);
    };
    const accepted = async () => (await Promise.all(rooms.map(hostSays))).filter(Boolean).length;
    // The answers do not matter: the server that gives them is killed.
    const joins = Promise.allSettled(rooms.map((roomId) => bob.join(roomId, [host.serverName])));
    await until('the host to accept one', async () => (await accepted()) > 0);
    await peer.kill9('workerd');
    await joins;
    await until(
      'both servers to say the same of every room',
      async () => {
        const { joined_rooms: known } = await bob.request<{ joined_rooms: string[] }>(
          'GET',
          '/_matrix/client/v3/joined_rooms',
        );
        const there = await Promise.all(rooms.map(hostSays));
        return there.some(Boolean) && rooms.every((roomId, at) => known.includes(roomId) === there[at]);
      },
      RESUMED_MS,
    );
    for (const roomId of rooms) {
      // Whoever was not in by then joins now as if nothing had been.
      if (!(await hostSays(roomId))) await bob.join(roomId, [host.serverName]);
      const eventId = await alice.send(roomId, 'welcome');
      await until('the message to arrive', async () => {
        const { chunk } = await bob.messages(roomId);
        return chunk.some(({ event_id: id }) => id === eventId);
      });
    }
    expect(await accepted()).toBe(ROOMS);
  },
);
