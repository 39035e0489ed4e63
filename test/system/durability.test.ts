import { afterAll, beforeAll, expect, test } from 'vitest';

import { type EyrieServer, type Part, startEyrie } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { until } from '../support/node/until.ts';

let server: EyrieServer;
let client: MatrixClient;
let roomId: string;

beforeAll(async () => {
  server = await startEyrie({ throughNpm: true });
  client = await new MatrixClient(server.clientUrl).register('alice');
  roomId = await client.createRoom();
});
afterAll(() => server.remove());

test.each(['npm', 'launcher', 'workerd', 'all'] as const)(
  'kill -9 of %s while messages are sent loses none that was acknowledged',
  async (part) => {
    const acknowledged = await sendUntilKilled(part);
    if (part === 'workerd') await until('it to serve again', () => client.sync().then(() => true), 3000);
    else await server.restart();
    const there = new Set(await everyEventId());
    expect(acknowledged.filter((eventId) => !there.has(eventId))).toEqual([]);
    await client.send(roomId, 'and it goes on');
  },
);

test('SIGTERM while messages are sent loses none that was acknowledged', async () => {
  const acknowledged = await sendUntilKilled('SIGTERM');
  await server.restart();
  const there = new Set(await everyEventId());
  expect(acknowledged.filter((eventId) => !there.has(eventId))).toEqual([]);
});

/** Five senders at once, until the server goes in the middle of it. @returns the event IDs that were acknowledged. */
async function sendUntilKilled(how: Part | 'all' | 'SIGTERM'): Promise<string[]> {
  const acknowledged: string[] = [];
  const killed = new AbortController();
  const sender = async (): Promise<void> => {
    while (!killed.signal.aborted) {
      try {
        acknowledged.push(await client.send(roomId, 'is this kept?'));
      } catch {
        return; // not acknowledged: it may be there or not
      }
    }
  };
  const senders = Array.from({ length: 5 }, sender);
  await until('some messages to be acknowledged', () => acknowledged.length >= 20);
  await (how === 'SIGTERM' ? server.stop() : server.kill9(how));
  killed.abort();
  await Promise.all(senders);
  return acknowledged;
}

async function everyEventId(): Promise<string[]> {
  const ids: string[] = [];
  let from: string | undefined;
  do {
    const page = await client.messages(roomId, { from });
    ids.push(...page.chunk.map((event) => event.event_id));
    from = page.end;
  } while (from !== undefined);
  return ids;
}
