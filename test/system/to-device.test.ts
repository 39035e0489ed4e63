// Messages from device to device over two servers, of which one or the other is away (docs/design/destinations.md, "Kept EDUs")
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';

/** A server that comes back is tried when its turn is, or when it is heard of. */
const LONG = { timeout: 180_000 };
const ARRIVES_MS = 120_000;

let host: EyrieServer;
let other: EyrieServer;
let alice: MatrixClient;
let bob: MatrixClient;
let since: string | undefined;

beforeAll(async () => {
  [host, other] = await startTwoEyries();
  alice = await new MatrixClient(host.clientUrl).register('alice', 'correct horse', host.bootstrapToken);
  bob = await new MatrixClient(other.clientUrl).register('bob');
});
afterAll(() => Promise.all([host.remove(), other.remove()]));

const send = (n: number, deviceId = bob.deviceId) =>
  alice.request('PUT', `/sendToDevice/m.test/txn${n}`, { messages: { [bob.userId]: { [deviceId]: { n } } } });

/** What the device is told until so many messages have come; it says of each answer that it has it. */
async function receive(count: number): Promise<readonly unknown[]> {
  const numbers: unknown[] = [];
  await bob.syncUntil(
    ({ next_batch: next, to_device: told }) => {
      since = next;
      numbers.push(...(told?.events ?? []).map(({ content }) => content['n']));
      return numbers.length >= count;
    },
    { timeoutMs: ARRIVES_MS, ...(since === undefined ? {} : { since }) },
  );
  return numbers;
}

test('messages cross, in order, each once, whichever server is killed or away meanwhile', LONG, async () => {
  await send(0);
  await send(1, '*');
  expect(await receive(2)).toEqual([0, 1]);
  await other.stop();
  for (const n of [2, 3, 4]) await send(n);
  await host.kill9('all');
  await host.restart();
  // What was answered before the end is repeated by a client that did not hear of it.
  await send(4);
  await send(5);
  await other.restart();
  expect(await receive(4)).toEqual([2, 3, 4, 5]);
  await other.kill9('all');
  await other.restart();
  await send(6);
  expect(await receive(1)).toEqual([6]);
});
