import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { eyrieAdministrator, startEyrieHomeserver } from '../support/node/eyrie-homeserver.ts';
import type { Homeserver } from '../support/node/homeserver.ts';
import { startSynapse } from '../support/node/synapse.ts';
import { TestAuthority } from '../support/node/test-authority.ts';
import { FollowingClient } from './support/following-client.ts';

const directory = mkdtempSync(join(tmpdir(), 'eyrie-notaries-'));
const servers: Homeserver[] = [];
let users = 0;

/** Four servers, one of them after the others. */
const START_MS = 180_000;

function server(at: number): Homeserver {
  const found = servers[at];
  if (found === undefined) throw new Error('the servers have not started');
  return found;
}

/** Two Eyries and two Synapses; the last one, which comes later, trusts the first. */
beforeAll(async () => {
  const authority = await TestAuthority.make();
  const eyrie = (name: string) => startEyrieHomeserver({ directory: join(directory, name), authority });
  const synapse = startSynapse({ directory: join(directory, 'synapse'), authority });
  servers.push(...(await Promise.all([eyrie('eyrie'), eyrie('mortal'), synapse])));
  const trusting = { directory: join(directory, 'trusting'), authority, trustedKeyServers: [server(0).serverName] };
  servers.push(await startSynapse(trusting));
}, START_MS);
afterEach(({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const one of servers) console.log(`--- ${one.serverName}\n${one.log().slice(-4_000)}`);
});
afterAll(async () => {
  await Promise.all(servers.map((one) => one.stop()));
  rmSync(directory, { recursive: true, force: true });
});

function user(at: number, name: string): Promise<FollowingClient> {
  users += 1;
  return new FollowingClient(server(at).clientUrl).register(`${name}-${users}`);
}

/** A public room of one server in which is a user of a server that then goes away. */
async function aRoomWithOneGone(host: number): Promise<{ roomId: string; owner: FollowingClient; gone: string }> {
  const owner = await user(host, 'owner');
  const mortal = await user(1, 'mortal');
  const roomId = await owner.createRoom({ preset: 'public_chat' });
  await mortal.join(roomId, [server(host).serverName]);
  await owner.seesMembership(roomId, mortal.userId, 'join');
  await owner.seesEvent(roomId, await mortal.send(roomId, 'remember me'));
  await server(1).stop();
  return { roomId, owner, gone: mortal.userId };
}

async function expectWholeJoin(
  joiner: FollowingClient,
  { roomId, owner, gone }: Awaited<ReturnType<typeof aRoomWithOneGone>>,
  host: number,
) {
  await joiner.join(roomId, [server(host).serverName]);
  await owner.seesMembership(roomId, joiner.userId, 'join');
  expect(await joiner.joinedMembers(roomId)).toEqual([owner.userId, gone, joiner.userId].toSorted());
  await server(1).start();
}

// First, while the Eyrie has the keys of the server that goes away from that itself: others it does not tell on.
test('a Synapse has the keys of a server that is away from an Eyrie that it trusts', async () => {
  await expectWholeJoin(await user(3, 'joiner'), await aRoomWithOneGone(0), 0);
});

test('an Eyrie has the keys of a server that is away from a Synapse that it trusts', async () => {
  const admin = await eyrieAdministrator(server(0));
  const settings = { 'federation.notaries': [server(2).serverName] };
  await admin.request('PUT', '/_eyrie/admin/v1/settings', { settings });
  await expectWholeJoin(await user(0, 'joiner'), await aRoomWithOneGone(2), 2);
});
