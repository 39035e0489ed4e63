import { afterEach, expect, test } from 'vitest';

import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import {
  aPeer,
  aRoom,
  federation,
  forgetPeers,
  inRoom,
  joinFrom,
  serverName,
} from '../../../../support/worker/a-peer.ts';
import { aLoggedInUser, ask } from '../../../../support/worker/ask.ts';

afterEach(forgetPeers);

const rule = (name: string, allow?: string) => ({
  preset: 'private_chat',
  initial_state: [
    {
      type: 'm.room.join_rules',
      content: { join_rule: name, ...(allow && { allow: [{ type: 'm.room_membership', room_id: allow }] }) },
    },
  ],
});

async function aWorld() {
  const alice = await aLoggedInUser('alice');
  const peer = aPeer();
  const { token } = alice;
  const space = await aRoom(alice, { creation_content: { type: 'm.space' } });
  const club = await aRoom(alice);
  const rooms = {
    open: await aRoom(alice, { name: 'Open' }),
    closed: await aRoom(alice, { preset: 'private_chat', name: 'Closed' }),
    knock: await aRoom(alice, rule('knock')),
    restricted: await aRoom(alice, rule('restricted', club)),
  };
  for (const [order, roomId] of Object.entries({ ...rooms, other: '!else:where.example' })) {
    const path = inRoom(space, `/state/m.space.child/${encodeURIComponent(roomId)}`);
    await ask('PUT', path, { token, body: { via: [serverName], order, suggested: order === 'open' } });
  }
  const hierarchy = (roomId: string, query = '') =>
    peer.ask('GET', `${federation}/hierarchy/${encodeURIComponent(roomId)}${query}`);
  return { alice, peer, token, space, club, rooms, hierarchy };
}

const ids = (body: JsonObject) => (body['children'] as JsonObject[]).map((child) => child['room_id']);

test('another server is shown what it could enter', async () => {
  const { space, club, rooms, peer, hierarchy } = await aWorld();
  const { status, body } = await hierarchy(space);
  expect(status).toBe(200);
  expect(body['room']).toMatchObject({ room_id: space, room_type: 'm.space', room_version: '11' });
  expect((body['room'] as JsonObject)['children_state']).toHaveLength(5);
  expect(ids(body)).toEqual([rooms.knock, rooms.open]);
  expect(body['inaccessible_children']).toEqual([rooms.closed, rooms.restricted]);
  await joinFrom(peer, club);
  const after = (await hierarchy(space)).body;
  expect(ids(after)).toEqual([rooms.knock, rooms.open, rooms.restricted]);
  expect(after['inaccessible_children']).toEqual([rooms.closed]);
});

test('only what is suggested', async () => {
  const { space, rooms, hierarchy } = await aWorld();
  const { body } = await hierarchy(space, '?suggested_only=true');
  expect(ids(body)).toEqual([rooms.open]);
  expect(body['inaccessible_children']).toEqual([]);
  expect((body['room'] as JsonObject)['children_state']).toMatchObject([{ state_key: rooms.open }]);
});

test('a room that the server could not enter is not found', async () => {
  const { rooms, hierarchy, token, peer } = await aWorld();
  const none = { status: 404, body: { errcode: 'M_NOT_FOUND' } };
  expect(await hierarchy(rooms.closed)).toMatchObject(none);
  expect(await hierarchy('!nothing:eyrie.test')).toMatchObject(none);
  expect(await hierarchy('nonsense')).toMatchObject({ status: 400 });
  expect(await hierarchy(rooms.open, '?suggested_only=perhaps')).toMatchObject({ status: 400 });
  expect((await hierarchy(rooms.open)).body['room']).toMatchObject({ name: 'Open', children_state: [] });
  const acl = { allow: ['*'], deny: [peer.server.name.replace(':443', '')] };
  await ask('PUT', inRoom(rooms.open, '/state/m.room.server_acl'), { token, body: acl });
  expect(await hierarchy(rooms.open)).toMatchObject(none);
});
