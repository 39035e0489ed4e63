// A server changes its signing key while it talks with another (Server-Server API, "Publishing Keys", "Validating hashes
// and signatures on received events")
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';
import { until } from '../support/node/until.ts';

const SETTINGS = '/_eyrie/admin/v1/settings';
const ROTATE = '/_eyrie/admin/v1/signing-key/rotate';
/** The steps take 20 s; messages on a busy machine, more. */
const LONG = { timeout: 120_000 };
const MESSAGES = 5;

interface Signing {
  readonly step: 'published' | 'signing' | 'done';
  readonly key_id: string;
}

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

const signing = async () => (await alice.request<{ signing: Signing }>('GET', SETTINGS)).signing;

const rotate = async () => (await alice.request<{ signing: Signing }>('POST', ROTATE)).signing;

const isDone = async () => (await signing()).step === 'done';

const sees = (client: MatrixClient, roomId: string, eventId: string) =>
  until('a message to arrive', async () => (await client.event(roomId, eventId)).event_id === eventId);

async function textsOf(client: MatrixClient, roomId: string): Promise<readonly unknown[]> {
  const { chunk } = await client.messages(roomId);
  return chunk.flatMap(({ type, content }) => (type === 'm.room.message' ? [content['body']] : []));
}

test('a server that meets us after a rotation verifies what the old key signed', LONG, async () => {
  const roomId = await alice.createRoom({ preset: 'public_chat' });
  const written = Array.from({ length: MESSAGES }, (_, index) => `old ${index}`);
  for (const text of written) await alice.send(roomId, text);
  const { key_id: before } = await signing();
  const { key_id: after } = await rotate();
  expect(after).not.toBe(before);
  await until('the rotation to be done', isDone, 60_000);
  await alice.send(roomId, 'new');
  await bob.join(roomId, [host.serverName]);
  await until('the whole history', async () => {
    expect(await textsOf(bob, roomId)).toEqual(['new', ...written.toReversed()]);
    return true;
  });
});

test('messages go to and fro during a rotation, and over a restart in the middle of one', LONG, async () => {
  const roomId = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(roomId, [host.serverName]);
  const exchange = async () => {
    await sees(bob, roomId, await alice.send(roomId, 'there'));
    await sees(alice, roomId, await bob.send(roomId, 'and back'));
  };
  await rotate();
  const steps = new Set<string>();
  // Beside the messages: one that is under way is not to hide a step.
  const done = until(
    'the rotation to be done',
    async () => {
      steps.add((await signing()).step);
      return steps.has('done');
    },
    60_000,
  );
  while (!steps.has('done')) await exchange();
  await done;
  expect([...steps]).toEqual(['published', 'signing', 'done']);
  const { key_id: second } = await rotate();
  await host.restart();
  await exchange();
  await until('the second rotation to be done', isDone, 60_000);
  expect((await signing()).key_id).toBe(second);
  await exchange();
});
