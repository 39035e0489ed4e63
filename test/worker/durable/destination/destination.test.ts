import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';

import { readConfig, type Env } from '../../../../src/config.ts';
import { destinationClient } from '../../../../src/durable/destination/client.ts';
import { federationOf } from '../../../../src/durable/federation.ts';
import { objectStubs } from '../../../../src/durable/objects.ts';
import { Room } from '../../../../src/durable/room/room.ts';
import { settingsOf } from '../../../../src/durable/settings.ts';
import { serverKeysOf } from '../../../../src/durable/server-keys.ts';
import type { RoomRangeRequest } from '../../../../src/federation/sending/ports.ts';
import { parseXMatrix, verifyXMatrix } from '../../../../src/matrix/crypto/x-matrix.ts';
import { verifyKeyFromBase64 } from '../../../../src/matrix/crypto/ed25519.ts';
import type { ServerName, UserId } from '../../../../src/matrix/ids/brands.ts';
import { parseJson } from '../../../../src/matrix/json/strict-json.ts';
import { schemaVersion } from '../../../../src/storage/apply-migrations.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { aRoomId, anOffer, stubRooms } from '../../../support/worker/a-sender.ts';
import { eventually } from '../../../support/worker/eventually.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { stubFetch } from '../../../support/worker/stub-fetch.ts';

const bindings = env as unknown as Env;
const config = readConfig(bindings);
const stubs = objectStubs(bindings, config);
const { registry } = federationOf(bindings, config);
const client = destinationClient(stubs, registry);
const room = aRoomId('room');

let servers = 0;

/** A fresh server with an explicit port, so that nothing is discovered. */
function aPeer() {
  servers += 1;
  const name = `s${servers}.peer.example:443` as ServerName;
  const peers = stubFetch();
  // Peers of other tests may still be sent something.
  const transactions = () =>
    peers.sent
      .filter(({ url }) => url.startsWith(`https://${name}/_matrix/federation/v1/send/`))
      .map(({ url, body }) => ({ url, body: JSON.parse(body ?? '') }));
  let answer: () => Response | Error = () => Response.json({ pdus: {} });
  const fetch = peers.fetch;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
    await fetch(url as string, init as Parameters<typeof fetch>[1]).catch(() => undefined);
    const answered = answer();
    if (answered instanceof Error) throw answered;
    return answered;
  });
  return {
    name,
    stub: stubs.destination(name),
    sent: peers.sent,
    transactions,
    answers: (next: typeof answer) => (answer = next),
  };
}

/** Gives every room of the test's worker the ranges of `rooms`. */
function serveRanges(rooms: ReturnType<typeof stubRooms>) {
  Object.assign(Room.prototype, {
    rangeFor: async (request: RoomRangeRequest) => ({ ok: true, value: await rooms.read(request) }),
  });
}

afterEach(() => vi.restoreAllMocks());

test('the rooms of which something was sent last are known, those first', async () => {
  const { name, answers } = aPeer();
  const others = [aRoomId('one'), aRoomId('two')] as const;
  expect(await client.latestRooms(name)).toEqual([]);
  await client.offer(name, anOffer(others[0], 0, 1));
  answers(() => new Error('down'));
  await client.offer(name, anOffer(others[1], 0, 1));
  await client.offer(name, anOffer(room, 0, 1));
  await client.offer(name, anOffer(others[0], 1, 2));
  expect(await client.latestRooms(name)).toEqual([others[0], room, others[1]]);
});

test('a transaction leaves at once, signed with our key', async () => {
  const { name, sent } = aPeer();
  expect(await client.offer(name, anOffer(room, 0, 2))).toBe('sent');
  const [request] = sent;
  if (request?.body === undefined) throw new Error('nothing was sent');
  const header = parseXMatrix(request.headers.get('authorization') ?? '');
  const content = parseJson(request.body);
  const { publicKey } = await serverKeysOf(bindings, config).active();
  const key = verifyKeyFromBase64(publicKey);
  if (!header.ok || !content.ok || key === undefined) throw new Error('not signed');
  const uri = request.url.slice(`https://${name}`.length);
  const signed = { method: 'PUT', uri, origin: config.serverName, destination: name, content: content.value };
  expect(uri).toMatch(/^\/_matrix\/federation\/v1\/send\/[\w-]{32}$/);
  expect(verifyXMatrix(signed, header.value.signature, key)).toBe(true);
});

test('what a server did not take survives evictions and is repeated when it is heard of', async () => {
  const { name, stub, transactions, answers } = aPeer();
  const rooms = stubRooms();
  rooms.heads.set(room, 3);
  serveRanges(rooms);
  answers(() => new Error('connection refused'));
  expect(await client.offer(name, anOffer(room, 0, 2))).toBe('taken');
  await evictDurableObject(stub);
  expect(await client.offer(name, anOffer(room, 2, 3))).toBe('detached');
  await evictDurableObject(stub);
  answers(() => Response.json({ pdus: {} }));
  await client.wake(name);
  await eventually(() => expect(transactions()).toHaveLength(3));
  const [first, ...later] = transactions();
  expect(later[0]).toEqual(first);
  expect(later.slice(1).map(({ body }) => body.pdus.length)).toEqual([1]);
  await eventually(async () => expect(await client.offer(name, anOffer(room, 3, 4))).toBe('sent'));
});

test('the alarm alone delivers when the wait is over', async () => {
  const { name, stub, transactions, answers } = aPeer();
  const rooms = stubRooms();
  rooms.heads.set(room, 1);
  serveRanges(rooms);
  // A wait that does not end while this test is at work.
  answers(() => Response.json({ errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 600_000 }, { status: 429 }));
  await client.offer(name, anOffer(room, 0, 1));
  answers(() => Response.json({ pdus: {} }));
  await runInDurableObject(stub, (_instance, { storage }) => {
    const row = storage.sql.exec<{ value: string }>(`select value from meta where key = 'reachability'`).one();
    const past = JSON.stringify({ ...JSON.parse(row.value), kind: 'down', until: 1 });
    storage.sql.exec(`update meta set value = ? where key = 'reachability'`, past);
    storage.sql.exec('update duties set at = 1');
  });
  await evictDurableObject(stub);
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  // It may have to wait for its turn, if servers of other tests are down.
  await eventually(() => expect(transactions()).toHaveLength(2));
  await eventually(() =>
    runInDurableObject(stub, (_instance, { storage }) => {
      expect(storage.sql.exec('select * from room_cursors').toArray()).toEqual([]);
      expect(storage.sql.exec('select * from duties').toArray()).toEqual([]);
    }),
  );
});

test('to wake an object that was never born leaves nothing behind', async () => {
  const { name, stub } = aPeer();
  await client.wake(name);
  await runInDurableObject(stub, (_instance, { storage }) => {
    expect(schemaVersion(storage.sql)).toBe(0);
  });
});

test('keys are fetched once and survive an eviction', async () => {
  const { name, stub, sent, answers } = aPeer();
  const server = aServer(name);
  answers(() => Response.json(aKeyAnswer(server)));
  const { keyId, publicKey } = server.signingKey;
  expect(await client.keyFor(name, keyId, Date.now())).toMatchObject({ publicKey });
  await evictDurableObject(stub);
  expect(await client.keyFor(name, keyId, Date.now())).toMatchObject({ publicKey });
  expect(sent).toHaveLength(1);
  answers(() => new Error('connection refused'));
  expect(await client.keyFor(name, keyId, Date.now() + 8 * 86_400_000)).toBe('unavailable');
});

test('EDUs are sent with the latest of each key', async () => {
  const { name, transactions } = aPeer();
  const typing = { edu_type: 'm.typing', content: {} };
  await client.offerEdus(name, [{ key: 'typing', json: JSON.stringify(typing), expiresAt: Date.now() + 30_000 }]);
  await eventually(() => expect(transactions().map(({ body }) => body.edus)).toEqual([[typing]]));
});

test('a type of EDU that is switched off does not leave', async () => {
  const { name, transactions } = aPeer();
  const settings = settingsOf(bindings, config);
  const by = '@admin:us.test' as UserId;
  const edu = (type: string, key: string) => ({
    key,
    json: JSON.stringify({ edu_type: type, content: {} }),
    expiresAt: Date.now() + 30_000,
  });
  await settings.change({ by, settings: { 'edu.typing': false }, ifRevision: undefined, dryRun: false });
  await client.offerEdus(name, [edu('m.typing', 'a')]);
  await client.offerEdus(name, [edu('m.typing', 'b'), edu('m.receipt', 'c')]);
  await settings.change({ by, settings: { 'edu.typing': true }, ifRevision: undefined, dryRun: false });
  await client.offerEdus(name, [edu('m.typing', 'd')]);
  await eventually(() => expect(transactions()).toHaveLength(2));
  const types = transactions().flatMap(({ body }) => body.edus.map(({ edu_type: type }: { edu_type: string }) => type));
  expect(types).toEqual(['m.receipt', 'm.typing']);
});

test('a server is registered before its object is addressed', async () => {
  const { name } = aPeer();
  expect(await registry.has(name)).toBe(false);
  await client.offer(name, anOffer(room, 0, 1));
  expect(await registry.has(name)).toBe(true);
});
