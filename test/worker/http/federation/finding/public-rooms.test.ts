import { afterEach, expect, test } from 'vitest';

import { aPeer, aRoom, federation, forgetPeers } from '../../../../support/worker/a-peer.ts';
import { aLoggedInUser, ask } from '../../../../support/worker/ask.ts';

afterEach(forgetPeers);

test('another server is shown the published rooms, by list and by search', async () => {
  const name = crypto.randomUUID();
  const roomId = await aRoom(await aLoggedInUser('alice'), { visibility: 'public', name });
  const peer = aPeer();
  const shown = { room_id: roomId, name, num_joined_members: 1, join_rule: 'public' };
  const list = await peer.ask('GET', `${federation}/publicRooms?limit=100`);
  expect(list).toMatchObject({ status: 200 });
  expect(list.body['chunk']).toContainEqual({ ...shown, world_readable: false, guest_can_join: false });
  const hit = await peer.ask('POST', `${federation}/publicRooms`, { filter: { generic_search_term: name } });
  expect(hit).toMatchObject({ status: 200, body: { chunk: [shown] } });
  expect(hit.body).not.toHaveProperty('next_batch');
});

test('what is wrong is refused, and so is who does not sign', async () => {
  const peer = aPeer();
  expect(await peer.ask('GET', `${federation}/publicRooms?limit=-1`)).toMatchObject({ status: 400 });
  expect(await peer.ask('POST', `${federation}/publicRooms`, { limit: 'x' })).toMatchObject({ status: 400 });
  expect((await ask('GET', `${federation}/publicRooms`)).status).toBe(401);
});
