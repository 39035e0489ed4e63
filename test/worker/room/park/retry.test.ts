import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test, vi } from 'vitest';

import { federationOf } from '../../../../src/durable/federation.ts';
import { objectStubs } from '../../../../src/durable/objects.ts';
import type { Pdu } from '../../../../src/matrix/event/pdu.ts';
import type { EventId, ServerName, UserId } from '../../../../src/matrix/ids/brands.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { aSharedRoom, bindings, config, rooms, type SharedRoom } from '../../../support/worker/a-shared-room.ts';
import { eventually } from '../../../support/worker/eventually.ts';
import { stubFetch } from '../../../support/worker/stub-fetch.ts';

let servers = 0;
let peer = aServer('peer.example:443');
let peers: ReturnType<typeof stubFetch>;

/** A fresh peer: keys that could not be fetched are not asked for again at once. */
beforeEach(() => {
  servers += 1;
  peer = aServer(`s${servers}.peer.example:443`);
  peers = stubFetch();
  keysAnswer();
  const { fetch } = peers;
  vi.spyOn(globalThis, 'fetch').mockImplementation((url, init) =>
    fetch(url as string, init as Parameters<typeof fetch>[1]),
  );
  vi.spyOn(console, 'error').mockReturnValue();
});

const keysAnswer = (server = peer) =>
  peers.answer(`https://${server.name}/_matrix/key/v2/server`, () => Response.json(aKeyAnswer(server)));

const giveEvents = (...pdus: readonly Pdu[]) => {
  for (const { eventId, json } of pdus) {
    const url = `https://${peer.name}/_matrix/federation/v1/event/${encodeURIComponent(eventId)}`;
    peers.answer(url, () => Response.json({ pdus: [json] }));
  }
};

const stubOf = ({ roomId }: SharedRoom) => objectStubs(bindings, config).room(roomId);

const parkedIn = (room: SharedRoom) =>
  runInDurableObject(stubOf(room), (_room, { storage }) =>
    storage.sql
      .exec<{ event_id: string; reason: string; attempts: number; retry_at: number | null }>(
        'select event_id, reason, attempts, retry_at from parked order by rowid',
      )
      .toArray(),
  );

/** As if the time of the next try had come, in a fresh instance. */
async function passTime(room: SharedRoom): Promise<void> {
  await runInDurableObject(stubOf(room), (_room, { storage }) => {
    storage.sql.exec('update parked set retry_at = 1 where retry_at is not null');
    storage.sql.exec(`update duties set at = 1 where kind = 'parked'`);
  });
  await evictDurableObject(stubOf(room));
  await runDurableObjectAlarm(stubOf(room));
}

test('an event whose parents could not be fetched is decided when they can be, without being sent again', async () => {
  const room = await aSharedRoom(peer);
  const parent = room.anEvent();
  room.last = parent;
  const child = room.anEvent();
  expect((await room.push(child.json)).status).toBe(200);
  expect(await parkedIn(room)).toMatchObject([{ event_id: child.eventId, reason: 'missing', attempts: 0 }]);
  await passTime(room);
  await eventually(async () => expect(await parkedIn(room)).toMatchObject([{ reason: 'missing', attempts: 1 }]));
  const [row] = await parkedIn(room);
  expect(row?.retry_at).toBeGreaterThan(Date.now() + 30_000);
  giveEvents(parent);
  // The second try asks another server of the room, where there is one: here is none.
  await passTime(room);
  await eventually(async () => expect(await parkedIn(room)).toEqual([]));
  expect(await room.readEvent(parent.eventId)).toMatchObject({ sender: room.bob });
  expect(await room.readEvent(child.eventId)).toMatchObject({ sender: room.bob });
});

/** The sender counts as failing until then. */
const leaveAlone = async (until: number) => {
  await federationOf(bindings, config).destinations.keyFor(peer.name, 'ed25519:1', undefined);
  await runInDurableObject(objectStubs(bindings, config).destination(peer.name), (_peer, { storage }) => {
    const reachability = { attempt: 3, until, kind: 'down', reason: 'a test' };
    storage.sql.exec(
      `insert or replace into meta (key, value) values ('reachability', ?)`,
      JSON.stringify(reachability),
    );
  });
  await forget(peer);
};

/** An event whose parent nobody gives. */
async function aParkedOrphan() {
  const room = await aSharedRoom(peer);
  const parent = room.anEvent();
  room.last = parent;
  const child = room.anEvent();
  expect((await room.push(child.json)).status).toBe(200);
  return { room, parent, child };
}

test('a try that finds the server in back-off is not counted, and made when it may be asked again', async () => {
  const { room, parent, child } = await aParkedOrphan();
  const until = Date.now() + 90_000;
  await leaveAlone(until);
  const asked = peers.sent.length;
  await passTime(room);
  await eventually(async () => expect(await parkedIn(room)).toMatchObject([{ attempts: 0, retry_at: until }]));
  expect(peers.sent.length).toBe(asked);
  await leaveAlone(0);
  giveEvents(parent);
  await passTime(room);
  await eventually(async () => expect(await parkedIn(room)).toEqual([]));
  expect(await room.readEvent(child.eventId)).toMatchObject({ sender: room.bob });
});

test('a server that does not answer a try is left alone by everything', async () => {
  const { room } = await aParkedOrphan();
  peers.answer(`https://${peer.name}/_matrix/federation/v1/`, () => new Error('connection refused'));
  await passTime(room);
  const reachability = () =>
    runInDurableObject(objectStubs(bindings, config).destination(peer.name), (_peer, { storage }) =>
      storage.sql.exec<{ value: string }>(`select value from meta where key = 'reachability'`).toArray(),
    );
  await eventually(async () => expect((await reachability())[0]?.value).toContain('"kind":"down"'));
});

/** Somebody of a third server joins, and the peer tells us. */
async function aJoinOf(room: SharedRoom, third: Pick<typeof peer, 'name' | 'signingKey'>): Promise<Pdu> {
  const eve = `@eve:${third.name}` as UserId;
  const rule = (await rooms.readState({ roomId: room.roomId, userId: room.alice, scope: 'test' })).find(
    ({ type }) => type === 'm.room.join_rules',
  );
  const authEvents = [room.create.eventId, ...(rule === undefined ? [] : [rule.event_id])];
  return room.anEvent(
    { type: 'm.room.member', sender: eve, stateKey: eve, content: { membership: 'join' }, authEvents },
    third,
  );
}

/** A server that its object here remembers nothing of but what it stored: it is asked for keys again. */
const forget = ({ name }: typeof peer) => evictDurableObject(objectStubs(bindings, config).destination(name));

test('an event whose key could not be fetched is decided when it can be, and waits till then', async () => {
  const room = await aSharedRoom(peer);
  const third = aServer(`third-${servers}.example:443`);
  await federationOf(bindings, config).registry.add(third.name);
  const join = await aJoinOf(room, third);
  expect((await room.push(join.json)).status).toBe(200);
  expect(await parkedIn(room)).toMatchObject([{ event_id: join.eventId, reason: 'unverified' }]);
  expect(await rooms.joinedServers({ roomId: room.roomId })).not.toContain(third.name);
  keysAnswer(third);
  await forget(third);
  await passTime(room);
  await eventually(async () => expect(await parkedIn(room)).toEqual([]));
  expect(await rooms.joinedServers({ roomId: room.roomId })).toContain(third.name);
});

test('a signature that turns out to be wrong ends the wait: nothing of the event is kept', async () => {
  const room = await aSharedRoom(peer);
  const third = aServer(`third-${servers}.example:443`);
  await federationOf(bindings, config).registry.add(third.name);
  const { signingKey } = aServer('impostor.example');
  const join = await aJoinOf(room, { name: third.name, signingKey });
  expect((await room.push(join.json)).status).toBe(200);
  expect(await parkedIn(room)).toHaveLength(1);
  keysAnswer(third);
  await forget(third);
  await passTime(room);
  await eventually(async () => expect(await parkedIn(room)).toEqual([]));
  expect(await rooms.joinedServers({ roomId: room.roomId })).not.toContain(third.name);
  expect(await rooms.unknownEvents({ roomId: room.roomId, eventIds: [join.eventId] })).toEqual([join.eventId]);
});

test('a decision that throws is tried three times, and no more by itself', async () => {
  const room = await aSharedRoom(peer);
  await runInDurableObject(stubOf(room), (_room, { storage }) => {
    storage.sql.exec(
      `create trigger broken before insert on events when new.type = 'test.bad' begin select raise(abort, 'no'); end`,
    );
  });
  const [bad, mended] = [room.anEvent({ type: 'test.bad' }), room.anEvent({ type: 'test.bad', depth: 50 })];
  expect((await room.push(bad.json)).status).toBe(200);
  for (const attempts of [2, 3]) {
    await passTime(room);
    expect(await parkedIn(room)).toMatchObject([{ attempts, reason: attempts === 3 ? 'crashed' : 'internal' }]);
  }
  expect(await parkedIn(room)).toMatchObject([{ event_id: bad.eventId, retry_at: null }]);
  expect((await room.push(mended.json)).status).toBe(200);
  await runInDurableObject(stubOf(room), (_room, { storage }) => void storage.sql.exec('drop trigger broken'));
  await passTime(room);
  expect(await parkedIn(room)).toMatchObject([{ event_id: bad.eventId, reason: 'crashed' }]);
  expect(await room.readEvent(mended.eventId)).toMatchObject({ sender: room.bob });
});

test('an event whose try killed the object is not tried a fourth time', async () => {
  const room = await aSharedRoom(peer);
  const bad = room.anEvent();
  await runInDurableObject(stubOf(room), (_room, { storage }) => {
    storage.sql.exec(
      `insert into parked (event_id, origin, json, reason, attempts, parked_ts, retry_at) values (?, ?, ?, ?, 3, ?, 1)`,
      bad.eventId,
      peer.name,
      JSON.stringify(bad.json),
      'internal',
      Date.now(),
    );
    storage.sql.exec(`insert into duties (kind, key, at, attempt) values ('parked', '', 1, 0)`);
  });
  await passTime(room);
  expect(await parkedIn(room)).toMatchObject([{ event_id: bad.eventId, reason: 'crashed', retry_at: null }]);
});

test('an origin fills at most its own part of the table', async () => {
  const room = await aSharedRoom(peer);
  const [kept, origin] = [room.anEvent(), 'other.example' as ServerName];
  const orphan = (n: number) => ({ eventId: `$orphan${n}` as EventId, json: '{}', missing: ['$none' as EventId] });
  const pdus = Array.from({ length: 1_005 }, (_none, n) => orphan(n));
  const json = JSON.stringify(kept.json);
  await rooms.park({
    roomId: room.roomId,
    origin: peer.name,
    pdus: [{ eventId: kept.eventId, json, missing: ['$none' as EventId] }],
  });
  await rooms.park({ roomId: room.roomId, origin, pdus });
  const parked = await parkedIn(room);
  expect(parked).toHaveLength(1_001);
  expect(parked[0]).toMatchObject({ event_id: kept.eventId });
});
