import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer, Part } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';
import { until } from '../support/node/until.ts';
import { Random } from '../support/simulator/random.ts';

/** Of the moments and of what is killed. */
const SEED = Number(process.env['EYRIE_TEST_SEED'] ?? 20_261_123);
const MOMENTS = 30;
const SENDERS = 4;
/** Messages that are acknowledged between two kills, at least. */
const BETWEEN = 4;
const CAUGHT_UP_MS = 180_000;

let host: EyrieServer;
let peer: EyrieServer;
let alice: MatrixClient;
let bob: MatrixClient;
let roomId: string;

beforeAll(async () => {
  [host, peer] = await startTwoEyries({ throughNpm: true });
  alice = await new MatrixClient(host.clientUrl).register('alice');
  bob = await new MatrixClient(peer.clientUrl).register('bob');
  roomId = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(roomId, [host.serverName]);
});
afterAll(() => Promise.all([host.remove(), peer.remove()]));

test(
  `nothing acknowledged is lost or doubled at either server, killed at ${MOMENTS} moments`,
  { timeout: 600_000 },
  async () => {
    const random = new Random(SEED);
    const acknowledged = new Map<string, string>();
    const over = new AbortController();
    const senders = Array.from({ length: SENDERS }, (_, sender) => writeUntil(over.signal, sender, acknowledged));
    for (const kill of kills(random)) {
      const enough = acknowledged.size + BETWEEN + random.below(BETWEEN);
      await until('some more messages to be acknowledged', () => acknowledged.size >= enough, 60_000);
      await Promise.all(kill.servers.map((server) => killAndRevive(server, kill.part)));
    }
    over.abort();
    await Promise.all(senders);
    const said = await messagesOf(alice);
    // One transaction is one event, however often it was tried again.
    expect(said.length).toBe(new Set(said.map(({ text }) => text)).size);
    for (const [txnId, eventId] of acknowledged) expect(said).toContainEqual({ text: txnId, eventId });
    for (let sender = 0; sender < SENDERS; sender += 1) {
      const own = said.map(({ text }) => text).filter((text) => text.startsWith(`sender-${sender}-`));
      expect(own).toEqual(own.map((_, n) => `sender-${sender}-${n}`));
    }
    await alice.send(roomId, 'so that a hole would show');
    await until(
      'the peer to have everything once and in the order of the room',
      async () => {
        expect(await messagesOf(bob)).toEqual(await messagesOf(alice));
        return true;
      },
      CAUGHT_UP_MS,
    );
  },
);

interface Kill {
  readonly servers: readonly EyrieServer[];
  readonly part: Part | 'all';
}

/** Each process of each server, all of a server and all of both at least once; the rest by chance, in any order. */
function kills(random: Random): readonly Kill[] {
  const parts: readonly Kill['part'][] = ['workerd', 'launcher', 'npm', 'all'];
  const left: Kill[] = [[host], [peer], [host, peer]].flatMap((servers) => parts.map((part) => ({ servers, part })));
  while (left.length < MOMENTS) {
    left.push({
      servers: [random.pick([host, host, peer])],
      part: random.pick(['workerd', 'workerd', 'launcher', 'npm', 'all']),
    });
  }
  const order: Kill[] = [];
  while (left.length > 0) order.push(...left.splice(random.below(left.length), 1));
  return order;
}

async function killAndRevive(server: EyrieServer, part: Part | 'all'): Promise<void> {
  // After a kill of workerd alone the launcher needs a moment to start another.
  await until('the server to serve', async () => (await fetch(`${server.clientUrl}/_matrix/client/versions`)).ok);
  await server.kill9(part);
  if (part !== 'workerd') await server.restart();
}

/** Writes one message after the other, each under one transaction ID until it is acknowledged. */
async function writeUntil(over: AbortSignal, sender: number, acknowledged: Map<string, string>): Promise<void> {
  for (let n = 0; !over.aborted; n += 1) {
    const txnId = `sender-${sender}-${n}`;
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${txnId}`;
    while (!acknowledged.has(txnId)) {
      try {
        const body = { msgtype: 'm.text', body: txnId };
        const sent = await alice.request<{ event_id: string }>('PUT', path, body);
        acknowledged.set(txnId, sent.event_id);
      } catch {
        // The server is gone for a moment: the same transaction is tried again.
        if (over.aborted) return;
        await new Promise(setImmediate);
      }
    }
  }
}

/** All messages, oldest first. */
async function messagesOf(client: MatrixClient): Promise<{ text: string; eventId: string }[]> {
  const messages: { text: string; eventId: string }[] = [];
  let from: string | undefined;
  do {
    const page = await client.messages(roomId, { from });
    for (const { type, content, event_id: eventId } of page.chunk) {
      if (type === 'm.room.message') messages.push({ text: String(content['body']), eventId });
    }
    from = page.end;
  } while (from !== undefined);
  return messages.toReversed();
}
