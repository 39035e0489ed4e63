import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { federationOf } from '../../../../src/durable/federation.ts';
import { objectStubs } from '../../../../src/durable/objects.ts';
import { RoomServers } from '../../../../src/durable/room/room-servers.ts';
import type { DecideCall } from '../../../../src/durable/room/rpc.ts';
import { Staging, type Fed } from '../../../../src/federation/staging/staging.ts';
import type { EventId, RoomId } from '../../../../src/matrix/ids/brands.ts';
import { StagingRepository } from '../../../../src/storage/destination-db/staging-repository.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { aSharedRoom, bindings, config, rooms, type SharedRoom } from '../../../support/worker/a-shared-room.ts';

let servers = 0;
let peer = aServer('peer.example:443');

beforeEach(() => {
  servers += 1;
  peer = aServer(`staging${servers}.peer.example:443`);
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(aKeyAnswer(peer)));
  vi.spyOn(console, 'error').mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

/** Makes the room's object fail, as a defect of ours would, for what this says. */
function whereDecideFails(isFatal: (call: DecideCall) => boolean): void {
  const decide = Object.getOwnPropertyDescriptor(RoomServers.prototype, 'decide')?.value as RoomServers['decide'];
  vi.spyOn(RoomServers.prototype, 'decide').mockImplementation(async function decideOrFail(
    this: RoomServers,
    call: DecideCall,
  ) {
    if (isFatal(call)) throw new Error('the object was reset');
    return decide.call(this, call);
  });
}

const destination = () => objectStubs(bindings, config).destination(peer.name);

/** As if the time of the next feeding had come. */
async function feed(): Promise<void> {
  await runInDurableObject(destination(), (_object, { storage }) => {
    storage.sql.exec(`update duties set at = 1 where kind = 'feed'`);
  });
  await runDurableObjectAlarm(destination());
}

const stagedIn = () =>
  runInDurableObject(destination(), (_object, { storage }) =>
    storage.sql
      .exec<{ event_id: string; attempts: number }>('select event_id, attempts from staged order by seq')
      .toArray(),
  );

const say = (room: SharedRoom, body: string) => {
  const event = room.anEvent({ content: { msgtype: 'm.text', body } });
  room.last = event;
  return event;
};

const isThere = ({ roomId, alice }: SharedRoom, eventId: EventId) =>
  rooms.readEvent({ roomId, userId: alice, scope: 'test', eventId }).then(
    () => true,
    () => false,
  );

test('what a room has not taken three times is acknowledged, kept, and given to it when it is well again', async () => {
  const room = await aSharedRoom(peer);
  let isDown = true;
  whereDecideFails(() => isDown);
  const events = [say(room, 'one'), say(room, 'two')];
  const push = () => room.push(...events.map(({ json }) => json));
  expect((await push()).status).toBe(503);
  expect((await push()).status).toBe(503);
  const answer = await push();
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ pdus: { [events[0]?.eventId ?? '']: {}, [events[1]?.eventId ?? '']: {} } });
  // Still down: what comes is kept too, and nothing is kept twice.
  expect((await room.push(say(room, 'three').json)).status).toBe(200);
  expect((await push()).status).toBe(200);
  // It is there after a restart.
  await evictDurableObject(destination());
  expect(await stagedIn()).toHaveLength(3);
  isDown = false;
  await feed();
  expect(await stagedIn()).toEqual([]);
  for (const { eventId } of [...events, room.last]) expect(await isThere(room, eventId)).toBe(true);
});

test('what is staged is given to its room also while its sender does not answer what is sent to it', async () => {
  const room = await aSharedRoom(peer);
  let isDown = true;
  whereDecideFails(() => isDown);
  const event = say(room, 'one');
  for (let times = 0; times < 3; times += 1) await room.push(event.json);
  isDown = false;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (url) => {
    const isTransaction = typeof url === 'string' && url.includes('/_matrix/federation/v1/send/');
    return isTransaction ? new Promise<never>(() => {}) : Response.json(aKeyAnswer(peer));
  });
  const json = JSON.stringify({ edu_type: 'org.example', content: {} });
  const edu = { key: 'one', json, expiresAt: Date.now() + 60_000 };
  await federationOf(bindings, config).destinations.offerEdus(peer.name, [edu]);
  await runInDurableObject(destination(), (_object, { storage }) => {
    storage.sql.exec(`insert into duties (kind, key, at, attempt) values ('deliver', '', 0, 0)`);
  });
  void feed();
  await vi.waitFor(async () => expect(await isThere(room, event.eventId)).toBe(true), { timeout: 30_000 });
}, 40_000);

test('an event that its room does not survive is kept as crashed after three tries, and delays no other', async () => {
  const room = await aSharedRoom(peer);
  const [before, fatal, after] = [
    say(room, 'before'),
    room.anEvent({ content: { body: 'fatal' } }),
    say(room, 'after'),
  ];
  whereDecideFails(({ pdus }) => pdus.some(({ eventId }) => eventId === fatal.eventId));
  const push = () => room.push(before.json, fatal.json, after.json);
  expect((await push()).status).toBe(503);
  expect((await push()).status).toBe(503);
  expect((await push()).status).toBe(200);
  await feed();
  expect((await stagedIn()).map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
  await feed();
  expect(await stagedIn()).toMatchObject([{ event_id: fatal.eventId, attempts: 2 }, { event_id: after.eventId }]);
  await feed();
  await feed();
  expect(await stagedIn()).toEqual([]);
  expect(await isThere(room, before.eventId)).toBe(true);
  expect(await isThere(room, after.eventId)).toBe(true);
  expect(await rooms.listParked({ roomId: room.roomId, offset: 0, limit: 10 })).toMatchObject([{ reason: 'crashed' }]);
});

/** A staging of its own, over the tables of a fresh `Destination`. */
async function withStaging(
  work: (staging: Staging, tools: { at: (ms: number) => void; answer: (fed: Fed) => void; fed: string[] }) => unknown,
): Promise<void> {
  await aSharedRoom(peer);
  await rooms.status({ roomId: '!x:y' as RoomId });
  const stub = destination();
  await federationOf(bindings, config).destinations.keyFor(peer.name, 'ed25519:1', undefined);
  await runInDurableObject(stub, async (_object, { storage }) => {
    let now = 1_000_000;
    let next: Fed = 'taken';
    const fed: string[] = [];
    const staging = new Staging({
      store: new StagingRepository(storage),
      now: () => now,
      sync: () => storage.sync(),
      feed: async (_roomId, pdus) => {
        fed.push(pdus.map(({ json }) => json).join(' '));
        return next;
      },
      park: async () => true,
    });
    await work(staging, { at: (ms) => (now = 1_000_000 + ms), answer: (answer) => (next = answer), fed });
  });
}

const roomId = '!room:peer.example' as RoomId;
const pdu = (name: string, json = name) => ({ eventId: `$${name}` as EventId, json });

test('three times count within ten minutes only', async () => {
  await withStaging((staging, { at }) => {
    expect(staging.notTaken(roomId, [pdu('a')])).toBeUndefined();
    at(300_000);
    expect(staging.notTaken(roomId, [pdu('a')])).toBeUndefined();
    at(601_000);
    expect(staging.notTaken(roomId, [pdu('a')])).toBeUndefined();
    expect(staging.notTaken(roomId, [pdu('a')])).toBeUndefined();
    expect(staging.notTaken(roomId, [pdu('a')])).toBeDefined();
  });
});

test('no more is kept of a server than 1,000 events and 16 MB', async () => {
  await withStaging((staging) => {
    const many = Array.from({ length: 990 }, (_, at) => pdu(`e${at}`));
    staging.notTaken(roomId, many);
    staging.notTaken(roomId, many);
    expect(staging.notTaken(roomId, many)).toBeDefined();
    expect(
      staging.notTaken(
        roomId,
        Array.from({ length: 11 }, (_, at) => pdu(`f${at}`)),
      ),
    ).toBeUndefined();
    expect(staging.notTaken(roomId, [pdu('big', 'x'.repeat(17 * 1024 * 1024))])).toBeUndefined();
    expect(staging.notTaken(roomId, [pdu('small')])).toBeDefined();
  });
});

test('a room that is too busy to begin costs its events no try', async () => {
  await withStaging(async (staging, { answer, fed }) => {
    for (let times = 0; times < 3; times += 1) staging.notTaken(roomId, [pdu('a'), pdu('b')]);
    answer('busy');
    for (let times = 0; times < 5; times += 1) expect(await staging.feed()).toBeDefined();
    answer('taken');
    expect(await staging.feed()).toBeUndefined();
    expect(fed).toEqual(Array.from({ length: 6 }, () => 'a b'));
  });
});
