import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeAll, expect, test, vi } from 'vitest';

import { objectStubs } from '../../../../src/durable/objects.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aSharedRoom, bindings, config, type SharedRoom } from '../../../support/worker/a-shared-room.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';
import { stubPeer } from '../../../support/worker/stub-peer.ts';

const peer = aServer('peer.example:443');

// Rooms go on asking after a test.
beforeAll(() => {
  stubPeer(peer);
  vi.spyOn(console, 'error').mockReturnValue();
});

const pathOf = ({ roomId }: Pick<SharedRoom, 'roomId'>, rest: string) =>
  `/_eyrie/admin/v1/rooms/${encodeURIComponent(roomId)}/${rest}`;
const stubOf = ({ roomId }: SharedRoom) => objectStubs(bindings, config).room(roomId);
const inRoom = (room: SharedRoom, query: string) =>
  runInDurableObject(stubOf(room), (_room, { storage }) => void storage.sql.exec(query));

/** A room with an event that was parked because its decision throws. */
async function aBrokenRoom() {
  const room = await aSharedRoom(peer);
  await inRoom(
    room,
    `create trigger broken before insert on events when new.type = 'test.bad' begin select raise(abort, 'a defect'); end`,
  );
  const bad = room.anEvent({ type: 'test.bad' });
  await room.push(bad.json);
  return { room, bad };
}

test('parked events are listed with their reasons, and tried again by hand', async () => {
  const { token } = await anAdministrator();
  const { room, bad } = await aBrokenRoom();
  const orphan = room.anEvent({ prevEvents: ['$nowhere' as typeof bad.eventId] });
  await room.push(orphan.json);
  const { body } = await ask('GET', pathOf(room, 'parked'), { token });
  const listed = { origin: peer.name, sender: room.bob, parked_ts: expect.any(Number), retry_at: expect.any(Number) };
  expect(body['parked']).toHaveLength(2);
  expect(body['parked']).toEqual(
    expect.arrayContaining([
      {
        ...listed,
        event_id: bad.eventId,
        type: 'test.bad',
        reason: 'internal',
        detail: expect.stringContaining('a defect'),
        missing: [],
        attempts: 1,
      },
      {
        ...listed,
        event_id: orphan.eventId,
        type: 'm.room.message',
        reason: 'missing',
        missing: ['$nowhere'],
        attempts: 0,
      },
    ]),
  );
  await inRoom(room, 'drop trigger broken');
  await inRoom(room, `update parked set reason = 'crashed', retry_at = null where reason = 'internal'`);
  const one = await ask('POST', pathOf(room, `parked/${encodeURIComponent(bad.eventId)}/retry`), { token });
  expect(one).toMatchObject({ status: 200, body: { retried: 1 } });
  await runDurableObjectAlarm(stubOf(room));
  await eventually(async () => expect(await room.readEvent(bad.eventId)).toMatchObject({ sender: room.bob }));
  const all = await ask('POST', pathOf(room, 'retry-parked'), { token });
  expect(all).toMatchObject({ status: 200, body: { retried: 1 } });
});

test('parked events are given page by page', async () => {
  const { token } = await anAdministrator();
  const room = await aSharedRoom(peer);
  const orphans = [1, 2, 3].map((depth) => room.anEvent({ depth, prevEvents: ['$nowhere' as never] }));
  await room.push(...orphans.map(({ json }) => json));
  const idsOf = (body: Record<string, unknown>) =>
    (body['parked'] as readonly { event_id: string }[]).map(({ event_id: id }) => id);
  const first = await ask('GET', pathOf(room, 'parked?limit=2'), { token });
  expect(first.body['next']).toBe('2');
  const second = await ask('GET', pathOf(room, 'parked?limit=2&from=2'), { token });
  expect(second.body['next']).toBeUndefined();
  expect([...idsOf(first.body), ...idsOf(second.body)].sort()).toEqual(orphans.map(({ eventId }) => eventId).sort());
});

test('rejected and soft-failed events are listed with the rule', async () => {
  const { token } = await anAdministrator();
  const room = await aSharedRoom(peer);
  const forbidden = room.anEvent({
    type: 'm.room.power_levels',
    stateKey: '',
    content: { users: { [room.bob]: 100 } },
  });
  await room.push(forbidden.json);
  const { body } = await ask('GET', pathOf(room, 'rejected'), { token });
  expect(body['rejected']).toEqual([
    {
      event_id: forbidden.eventId,
      status: 'rejected',
      type: 'm.room.power_levels',
      sender: room.bob,
      state_key: '',
      reason: expect.any(String),
      received_ts: expect.any(Number),
    },
  ]);
});

test('only administrators see and do this, and only for rooms that are here', async () => {
  const { token } = await aLoggedInUser();
  const admin = await anAdministrator();
  const room = await aSharedRoom(peer);
  const calls = [
    ['GET', 'parked'],
    ['GET', 'rejected'],
    ['POST', 'retry-parked'],
    ['POST', 'parked/$event/retry'],
  ] as const;
  for (const [method, rest] of calls) {
    expect(await ask(method, pathOf(room, rest), { token })).toMatchObject({ status: 403 });
    const elsewhere = pathOf({ roomId: '!nowhere:else.example' as SharedRoom['roomId'] }, rest);
    expect(await ask(method, elsewhere, { token: admin.token })).toMatchObject({ status: 404 });
  }
  const unknown = await ask('POST', pathOf(room, 'parked/$event/retry'), { token: admin.token });
  expect(unknown).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
});
