import { expect, test } from 'vitest';

import { createFederationClient, type FederationClient } from '../../../src/federation/client.ts';
import { sendJoin, type JoinPart } from '../../../src/federation/operations/send-join.ts';
import type { EventId, RoomId, ServerName } from '../../../src/matrix/ids/brands.ts';
import { SourceNumber, type JsonObject } from '../../../src/matrix/json/json-value.ts';
import { allow } from '../../../src/matrix/result.ts';
import { piecesOf } from '../../support/core/pieces-of.ts';
import { aServer } from '../../support/core/test-keys.ts';

const join = {
  destination: 'peer.test' as ServerName,
  roomId: '!room:peer.test' as RoomId,
  eventId: '$event' as EventId,
  event: { type: 'm.room.member' },
};

/** What becomes of a join that is answered with this text. */
async function answered(text: string, size = 10_000) {
  const asked: unknown[] = [];
  const requestStream: FederationClient['requestStream'] = (request, read) => {
    asked.push(request);
    return read(piecesOf(text, size), new Headers());
  };
  const batches: { part: JoinPart; events: readonly JsonObject[] }[] = [];
  const result = await sendJoin({ requestStream }, join, async (part, events) => void batches.push({ part, events }));
  return { asked, batches, result };
}

test('the join is put at its own address', async () => {
  const { asked } = await answered('{"state":[],"auth_chain":[]}');
  expect(asked).toMatchObject([
    { method: 'PUT', target: '/_matrix/federation/v2/send_join/%21room%3Apeer.test/%24event', body: join.event },
  ]);
});

test('events come in batches while the answer is read, each parsed strictly', async () => {
  const state = Array.from({ length: 450 }, (_, n) => `{"n":${n}.0}`).join(',');
  const { batches, result } = await answered(
    `{"state":[${state}],"auth_chain":[{"a":1}],"event":{"signed":true}}`,
    100,
  );
  expect(result).toEqual(allow({ event: { signed: true } }));
  expect(batches.map(({ part, events }) => `${part} ${events.length}`)).toEqual([
    'state 200',
    'state 200',
    'state 50',
    'auth_chain 1',
  ]);
  expect(batches[0]?.events[7]).toEqual({ n: new SourceNumber('7.0') });
});

test.each([
  ['members that are left out', '{"state":[],"auth_chain":[],"members_omitted":true}'],
  ['no auth chain', '{"state":[]}'],
  ['events that are none', '{"state":[1],"auth_chain":[]}'],
  ['events that are no JSON', '{"state":[{"a":01}],"auth_chain":[]}'],
  ['half an answer', '{"state":[{}]'],
])('%s make the answer garbage', async (_what, text) => {
  expect((await answered(text)).result).toMatchObject({ ok: false, reason: { kind: 'garbage' } });
});

test('a body that is no use is let go of', async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode(`${isCancelled ? '' : '{"state":['}{},{},`)),
    cancel: () => {
      isCancelled = true;
    },
  });
  const client = createFederationClient({
    serverName: 'us.test' as ServerName,
    fetch: async () => new Response(body),
    discovery: {
      resolve: async () => allow({ authority: 'peer.test:8448' } as never),
      doubt: () => undefined,
    },
    signingKey: async () => aServer('us.test').signingKey,
    policy: async () => ({ enabled: true, allowList: [] }),
  });
  const garbage = await sendJoin(client, join, async () => undefined);
  expect(garbage).toMatchObject({ ok: false, reason: { kind: 'garbage' } });
  expect(isCancelled).toBe(true);
});
