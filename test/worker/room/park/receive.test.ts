import { runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test, vi } from 'vitest';

import { objectStubs } from '../../../../src/durable/objects.ts';
import type { Pdu } from '../../../../src/matrix/event/pdu.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aSharedRoom, bindings, config, type SharedRoom } from '../../../support/worker/a-shared-room.ts';
import { stubPeer } from '../../../support/worker/stub-peer.ts';

const peer = aServer('peer.example:443');
const federation = `https://${peer.name}/_matrix/federation/v1`;

let peers: ReturnType<typeof stubPeer>;

beforeEach(() => {
  peers = stubPeer(peer);
  vi.spyOn(console, 'error').mockReturnValue();
});

/** Nothing of type `test.bad` can be written. */
const breakRoom = ({ roomId }: SharedRoom, error = 'a defect') =>
  runInDurableObject(objectStubs(bindings, config).room(roomId), (_room, { storage }) => {
    storage.sql.exec(
      `create trigger broken before insert on events when new.type = 'test.bad'
       begin select raise(abort, '${error}'); end`,
    );
  });

const parkedIn = ({ roomId }: SharedRoom) =>
  runInDurableObject(objectStubs(bindings, config).room(roomId), (_room, { storage }) =>
    storage.sql.exec('select event_id, reason, attempts from parked').toArray(),
  );

/** The peer gives the state before an event, and each event by its ID. */
function serve(pdus: readonly Pdu[], state: readonly string[]): void {
  for (const { eventId, json } of pdus) {
    peers.answer(`${federation}/event/${encodeURIComponent(eventId)}`, () => Response.json({ pdus: [json] }));
  }
  const { roomId } = pdus[0] as Pdu;
  const id = encodeURIComponent(roomId).replaceAll('!', '%21');
  peers.answer(`${federation}/state_ids/${id}`, () => Response.json({ pdu_ids: state, auth_chain_ids: [] }));
}

test('an event whose decision throws is parked, and what else comes goes on', async () => {
  const room = await aSharedRoom(peer);
  await breakRoom(room);
  const [first, bad, last] = [room.anEvent(), room.anEvent({ type: 'test.bad' }), room.anEvent({ depth: 99 })];
  const response = await room.push(first.json, bad.json, last.json);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ pdus: { [first.eventId]: {}, [bad.eventId]: {}, [last.eventId]: {} } });
  for (const { eventId } of [first, last]) expect(await room.readEvent(eventId)).toMatchObject({ sender: room.bob });
  await expect(room.readEvent(bad.eventId)).rejects.toMatchObject({ status: 404 });
  expect(await parkedIn(room)).toEqual([{ event_id: bad.eventId, reason: 'internal', attempts: 1 }]);
  room.last = last;
  const later = room.anEvent();
  expect((await room.push(later.json)).status).toBe(200);
  expect(await room.readEvent(later.eventId)).toMatchObject({ sender: room.bob });
});

test('sent again it is not tried again, and what builds on it does not wait for it', async () => {
  const room = await aSharedRoom(peer);
  await breakRoom(room);
  const before = room.last;
  const bad = room.anEvent({ type: 'test.bad' });
  room.last = bad;
  const child = room.anEvent();
  serve([bad], [...before.authEvents, before.eventId]);
  for (let time = 0; time < 3; time += 1) expect((await room.push(bad.json, child.json)).status).toBe(200);
  expect(await parkedIn(room)).toEqual([{ event_id: bad.eventId, reason: 'internal', attempts: 1 }]);
  expect(await room.readEvent(child.eventId)).toMatchObject({ sender: room.bob });
});

test('a storage that fails is nobody’s fault: the whole transaction is to be repeated', async () => {
  const room = await aSharedRoom(peer);
  await breakRoom(room, 'database or disk is full: SQLITE_FULL');
  const [first, bad] = [room.anEvent(), room.anEvent({ type: 'test.bad' })];
  expect((await room.push(first.json, bad.json)).status).toBe(503);
  expect(await parkedIn(room)).toEqual([]);
  await expect(room.readEvent(first.eventId)).rejects.toMatchObject({ status: 404 });
});
