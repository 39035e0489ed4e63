import { runDurableObjectAlarm } from 'cloudflare:test';
import { beforeAll, expect, test, vi } from 'vitest';

import { objectStubs } from '../../../../src/durable/objects.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aSharedRoom, bindings, config, rooms, type SharedRoom } from '../../../support/worker/a-shared-room.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';
import { stubPeer } from '../../../support/worker/stub-peer.ts';

const peer = aServer('peer.example:443');
const { DB } = bindings;
const TABLES = ['events', 'memberships', 'room_summaries'];

beforeAll(() => {
  stubPeer(peer);
  vi.spyOn(console, 'error').mockReturnValue();
});

/** All that the projection knows of a room. */
async function projected({ roomId }: SharedRoom): Promise<readonly unknown[][]> {
  const read = (table: string) =>
    DB.prepare(`select * from ${table} where room_id = ? order by pos, 1, 2`).bind(roomId).all();
  return (await Promise.all(TABLES.map(read))).map(({ results }) => results);
}

const rebuild = (token: string, { roomId }: Pick<SharedRoom, 'roomId'>) =>
  ask('POST', `/_eyrie/admin/v1/rooms/${encodeURIComponent(roomId)}/rebuild-projection`, { token });

/** A room of more events than one step takes, all of which are in the projection. */
async function aLongRoom() {
  const room = await aSharedRoom(peer);
  const { roomId, alice } = room;
  let last = '';
  for (let n = 0; n < 55; n += 1) {
    const draft = { type: 'm.room.message', sender: alice, content: { body: `${n}`, msgtype: 'm.text' } };
    last = (await rooms.send({ roomId, draft })).eventId;
  }
  await eventually(async () => expect(JSON.stringify(await projected(room))).toContain(last));
  return { room, before: await projected(room) };
}

test('what D1 lost of a room is there again as it was, and what the room has not reached is gone', async () => {
  const { token } = await anAdministrator();
  const { room, before } = await aLongRoom();
  const { roomId, alice } = room;
  for (const table of TABLES) await DB.prepare(`delete from ${table} where room_id = ?`).bind(roomId).run();
  const future = [
    `insert into events values ('$lost', '${roomId}', 1000000, 'm.room.message', '${alice}', 1)`,
    `insert into memberships values ('${roomId}', '${alice}', 'leave', 1000000)`,
  ];
  for (const row of future) await DB.prepare(row).run();
  expect(await rebuild(token, room)).toMatchObject({ status: 200 });
  await eventually(async () => {
    await runDurableObjectAlarm(objectStubs(bindings, config).room(roomId));
    expect(await projected(room)).toEqual(before);
  });
});

test('a projection that lacks nothing stays as it is, and what comes meanwhile comes too', async () => {
  const { token } = await anAdministrator();
  const { room, before } = await aLongRoom();
  const { roomId, alice } = room;
  await rebuild(token, room);
  const draft = { type: 'm.room.message', sender: alice, content: { body: 'meanwhile', msgtype: 'm.text' } };
  const { eventId } = await rooms.send({ roomId, draft });
  await eventually(async () => {
    await runDurableObjectAlarm(objectStubs(bindings, config).room(roomId));
    const [events = []] = await projected(room);
    expect(events.slice(0, -1)).toEqual(before[0]);
    expect(events.at(-1)).toMatchObject({ event_id: eventId });
  });
});

test('it is for administrators, and for rooms that are here', async () => {
  const room = await aSharedRoom(peer);
  expect(await rebuild((await aLoggedInUser()).token, room)).toMatchObject({ status: 403 });
  const { token } = await anAdministrator();
  expect(await rebuild(token, { roomId: '!no:where' as SharedRoom['roomId'] })).toMatchObject({ status: 404 });
});
