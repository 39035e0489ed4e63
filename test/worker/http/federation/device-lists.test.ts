import { afterEach, expect, test, vi } from 'vitest';

import { aPeer, aRoom, forgetPeers, joinFrom } from '../../../support/worker/a-peer.ts';
import { aClient, type SyncBody } from '../../../support/worker/client.ts';

afterEach(forgetPeers);
vi.setConfig({ testTimeout: 30_000 });

const inChanged = (userId: string) => (body: SyncBody) => body.device_lists?.changed.includes(userId) === true;
const inLeft = (userId: string) => (body: SyncBody) => body.device_lists?.left.includes(userId) === true;

test("another server's user who comes is news, and who goes has left only with the last shared room", async () => {
  const peer = aPeer();
  const alice = await aClient('alice');
  const [one, two] = [await aRoom(alice), await aRoom(alice)];
  const { next_batch: since } = await alice.syncUntil(({ rooms }) => rooms?.join?.[two] !== undefined);
  const { userId } = await joinFrom(peer, one);
  const met = await alice.syncUntil(inChanged(userId), { since });
  await joinFrom(peer, two);
  const both = await alice.syncUntil(inChanged(userId), { since: met.next_batch });
  const kick = (roomId: string) => alice.inRoom('POST', roomId, 'kick', { user_id: userId });
  await kick(one);
  const half = await alice.syncUntil(({ rooms }) => rooms?.join?.[one] !== undefined, { since: both.next_batch });
  expect(half.device_lists?.left ?? []).toEqual([]);
  await kick(two);
  const parted = await alice.syncUntil(inLeft(userId), { since: half.next_batch });
  expect(parted.device_lists).toEqual({ changed: [], left: [userId] });
});
