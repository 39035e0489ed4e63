import { describe, expect, test } from 'vitest';

import { until } from '../support/node/until.ts';
import type { FollowingClient } from './support/following-client.ts';
import { directions, usePair } from './support/pair.ts';

const pair = usePair();

/** A Synapse looks once a minute for servers that it owes something to. */
const CATCH_UP_MS = 100_000;
const TEST_MS = 150_000;

let sent = 0;

async function send(from: FollowingClient, to: FollowingClient, n: number, deviceId = to.deviceId): Promise<void> {
  sent += 1;
  const messages = { [to.userId]: { [deviceId]: { n } } };
  await from.request('PUT', `/sendToDevice/org.example.test/txn${sent}`, { messages });
}

const numbers = ({ toDevice }: FollowingClient) => toDevice.map(({ content }) => content['n']);

async function expectNumbers(client: FollowingClient, wanted: readonly number[], timeoutMs?: number): Promise<void> {
  await client.sees('the messages', () => client.toDevice.length >= wanted.length, timeoutMs);
  await client.catchUp();
  expect(numbers(client)).toEqual(wanted);
}

describe.each(directions())('$title', ({ host, joiner }) => {
  test('messages to a device, and to all devices of a user, arrive in order, both ways', async () => {
    const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
    for (let n = 0; n < 10; n += 1) await send(alice, bob, n);
    await send(alice, bob, 10, '*');
    await send(alice, bob, 99, 'NOWHERE');
    await send(alice, bob, 11);
    await expectNumbers(
      bob,
      Array.from({ length: 12 }, (_, n) => n),
    );
    expect(bob.toDevice[0]).toMatchObject({ type: 'org.example.test', sender: alice.userId });
    await send(bob, alice, 1);
    await expectNumbers(alice, [1]);
  });

  test('messages to many devices at once arrive', async () => {
    const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
    const long = 'x'.repeat(20_000);
    const others = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`OTHER${at}`, { long }]));
    const messages = { [bob.userId]: { ...others, [bob.deviceId]: { n: 1, long } } };
    await alice.request('PUT', '/sendToDevice/org.example.test/many', { messages });
    await expectNumbers(bob, [1]);
  });

  test('what is sent while the other server is away arrives when it is back', { timeout: TEST_MS }, async () => {
    const server = pair.server(joiner);
    const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
    await send(alice, bob, 0);
    await expectNumbers(bob, [0]);
    await server.stop();
    for (let n = 1; n <= 5; n += 1) await send(alice, bob, n);
    await server.start();
    // It is heard of, which ends the wait for its turn.
    await until('the other server to be reached', async () => {
      await bob.request('GET', `/profile/${encodeURIComponent(alice.userId)}`);
      return true;
    });
    await expectNumbers(bob, [0, 1, 2, 3, 4, 5], CATCH_UP_MS);
  });
});
