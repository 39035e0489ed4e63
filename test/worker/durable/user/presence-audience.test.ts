import { afterEach, expect, test, vi } from 'vitest';

import { aPeer, aRoom, forgetPeers, joinFrom, type Peer } from '../../../support/worker/a-peer.ts';
import { aClient, type Client } from '../../../support/worker/client.ts';

afterEach(forgetPeers);
vi.setConfig({ testTimeout: 30_000 });

const PATIENT = { timeout: 15_000 };
const statusPath = (userId: string) => `/presence/${encodeURIComponent(userId)}/status`;
const set = (user: Client, body: object) => user.ask('PUT', statusPath(user.userId), body);
const heard = (peer: Peer) => JSON.stringify(peer.edus().filter(({ edu_type: type }) => type === 'm.presence'));

/** The peer tells of one of its users until somebody here sees it. */
async function expectSeen(peer: Peer, userId: string, viewer: Client): Promise<void> {
  const update = { user_id: userId, presence: 'online', last_active_ago: 5_000, currently_active: true };
  await vi.waitFor(async () => {
    await peer.send({ edus: [{ edu_type: 'm.presence', content: { push: [update] } }] });
    expect((await viewer.ask('GET', statusPath(userId))).body).toMatchObject({ presence: 'online' });
  }, PATIENT);
}

test('a server that comes when presence was told already sees, and is seen, from then on', async () => {
  const [peer, late] = [aPeer(), aPeer()];
  const alice = await aClient('alice');
  const roomId = await aRoom(alice);
  const eve = await joinFrom(peer, roomId);
  await set(alice, { presence: 'online' });
  await expectSeen(peer, eve.userId, alice);
  const frank = await joinFrom(late, roomId, 'frank');
  await expectSeen(late, frank.userId, alice);
  await set(alice, { presence: 'unavailable', status_msg: 'seen by both' });
  await vi.waitFor(() => {
    for (const server of [peer, late]) expect(heard(server)).toContain('seen by both');
  }, PATIENT);
});

test('a further user of a server that was seen already is seen, too', async () => {
  const peer = aPeer();
  const alice = await aClient('alice');
  const roomId = await aRoom(alice);
  const eve = await joinFrom(peer, roomId);
  await set(alice, { presence: 'online' });
  await expectSeen(peer, eve.userId, alice);
  const early = { user_id: peer.user('frank'), presence: 'online', last_active_ago: 1 };
  await peer.send({ edus: [{ edu_type: 'm.presence', content: { push: [early] } }] });
  const frank = await joinFrom(peer, roomId, 'frank');
  await expectSeen(peer, frank.userId, alice);
});

test('somebody of whom was told while nobody here was present is seen by who comes then', async () => {
  const peer = aPeer();
  const alice = await aClient('alice');
  const eve = await joinFrom(peer, await aRoom(alice));
  const update = { user_id: eve.userId, presence: 'online', last_active_ago: 5_000 };
  await peer.send({ edus: [{ edu_type: 'm.presence', content: { push: [update] } }] });
  await set(alice, { presence: 'online' });
  await expectSeen(peer, eve.userId, alice);
});
