import { beforeAll, expect, test } from 'vitest';

import { eyrieAdministrator, startEyrieHomeserver } from '../support/node/eyrie-homeserver.ts';
import { startSynapse } from '../support/node/synapse.ts';
import type { FollowingClient } from './support/following-client.ts';
import { useServers } from './support/servers.ts';

const servers = useServers();

/** Four servers, one of them after the others. */
const START_MS = 180_000;

/** Two Eyries and two Synapses; the last one, which comes later, trusts the first. */
beforeAll(async () => {
  const [eyrie, mortal] = [await servers.place('eyrie'), await servers.place('mortal')];
  const synapse = await servers.place('synapse');
  await servers.add(startEyrieHomeserver(eyrie), startEyrieHomeserver(mortal), startSynapse(synapse));
  await servers.add(
    startSynapse({ ...(await servers.place('trusting')), trustedKeyServers: [servers.at(0).serverName] }),
  );
}, START_MS);

/** A public room of one server in which is a user of a server that then goes away. */
async function aRoomWithOneGone(host: number): Promise<{ roomId: string; owner: FollowingClient; gone: string }> {
  const owner = await servers.user(host, 'owner');
  const mortal = await servers.user(1, 'mortal');
  const roomId = await owner.createRoom({ preset: 'public_chat' });
  await mortal.join(roomId, [servers.at(host).serverName]);
  await owner.seesMembership(roomId, mortal.userId, 'join');
  await owner.seesEvent(roomId, await mortal.send(roomId, 'remember me'));
  await servers.at(1).stop();
  return { roomId, owner, gone: mortal.userId };
}

async function expectWholeJoin(
  joiner: FollowingClient,
  { roomId, owner, gone }: Awaited<ReturnType<typeof aRoomWithOneGone>>,
  host: number,
) {
  await joiner.join(roomId, [servers.at(host).serverName]);
  await owner.seesMembership(roomId, joiner.userId, 'join');
  expect(await joiner.joinedMembers(roomId)).toEqual([owner.userId, gone, joiner.userId].toSorted());
  await servers.at(1).start();
}

// First, while the Eyrie has the keys of the server that goes away from that itself: others it does not tell on.
test('a Synapse has the keys of a server that is away from an Eyrie that it trusts', async () => {
  await expectWholeJoin(await servers.user(3, 'joiner'), await aRoomWithOneGone(0), 0);
});

test('an Eyrie has the keys of a server that is away from a Synapse that it trusts', async () => {
  const admin = await eyrieAdministrator(servers.at(0));
  const settings = { 'federation.notaries': [servers.at(2).serverName] };
  await admin.request('PUT', '/_eyrie/admin/v1/settings', { settings });
  await expectWholeJoin(await servers.user(0, 'joiner'), await aRoomWithOneGone(2), 2);
});
