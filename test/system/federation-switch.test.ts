// Federation is switched off and on again while both servers go on (docs/settings.md, `federation.enabled`)
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';
import { until } from '../support/node/until.ts';

const SETTINGS = '/_eyrie/admin/v1/settings';
/** The other server may wait for its turn to try again. */
const LONG = { timeout: 180_000 };
const CAUGHT_UP_MS = 120_000;

let host: EyrieServer;
let other: EyrieServer;
let alice: MatrixClient;
let bob: MatrixClient;

beforeAll(async () => {
  [host, other] = await startTwoEyries();
  alice = await new MatrixClient(host.clientUrl).register('alice', 'correct horse', host.bootstrapToken);
  bob = await new MatrixClient(other.clientUrl).register('bob');
});
afterAll(() => Promise.all([host.remove(), other.remove()]));

const federate = (isOn: boolean) => alice.request('PUT', SETTINGS, { settings: { 'federation.enabled': isOn } });

async function textsOf(client: MatrixClient, roomId: string): Promise<readonly string[]> {
  const { chunk } = await client.messages(roomId);
  return chunk.flatMap(({ type, content }) => (type === 'm.room.message' ? [String(content['body'])] : []));
}

const has = (client: MatrixClient, roomId: string, texts: readonly string[], withinMs = 30_000) =>
  until(
    texts.join(', '),
    async () => {
      expect(await textsOf(client, roomId)).toEqual(expect.arrayContaining([...texts]));
      return true;
    },
    withinMs,
  );

test(
  'while it is off nothing comes or goes and nothing is logged of it, and once it is on both catch up',
  LONG,
  async () => {
    const roomId = await alice.createRoom({ preset: 'public_chat' });
    await bob.join(roomId, [host.serverName]);
    await alice.send(roomId, 'before');
    await has(bob, roomId, ['before']);
    await federate(false);
    const logged = host.process.output.length;
    const [mine, yours] = [
      ['mine 1', 'mine 2', 'mine 3'],
      ['yours 1', 'yours 2', 'yours 3'],
    ];
    for (const text of mine) await alice.send(roomId, text);
    for (const text of yours) await bob.send(roomId, text);
    // The other server has tried by the time that it has answered a question of its own about this one.
    await expect(bob.request('GET', `/profile/${encodeURIComponent(alice.userId)}`)).rejects.toThrow();
    await expect(alice.join(`#none:${other.serverName}`)).rejects.toThrow();
    expect(await textsOf(bob, roomId)).toEqual([...yours.toReversed(), 'before']);
    expect(await textsOf(alice, roomId)).toEqual([...mine.toReversed(), 'before']);
    expect(host.process.output.slice(logged)).not.toMatch(/"level":"(warn|error)"/);
    await federate(true);
    await has(bob, roomId, mine, CAUGHT_UP_MS);
    await has(alice, roomId, yours, CAUGHT_UP_MS);
  },
);
