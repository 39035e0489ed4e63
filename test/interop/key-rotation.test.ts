// Our signing key is changed while a Synapse is in the room (Server-Server API, "Publishing Keys")
import { beforeAll, expect, test } from 'vitest';

import { eyrieAdministrator, startEyrieHomeserver } from '../support/node/eyrie-homeserver.ts';
import type { MatrixClient } from '../support/node/matrix-client.ts';
import { startSynapse } from '../support/node/synapse.ts';
import { until } from '../support/node/until.ts';
import { useServers } from './support/servers.ts';
import { textsOf, wholeHistory } from './support/shared-room.ts';

const servers = useServers();
const ROTATE = '/_eyrie/admin/v1/signing-key/rotate';
const SETTINGS = '/_eyrie/admin/v1/settings';
const START_MS = 180_000;
/** The steps take 20 s. */
const LONG_MS = 120_000;

let administrator: MatrixClient;

beforeAll(async () => {
  const [eyrie, synapse] = [await servers.place('eyrie'), await servers.place('synapse')];
  await servers.add(startEyrieHomeserver(eyrie), startSynapse(synapse));
  administrator = await eyrieAdministrator(servers.at(0));
}, START_MS);

const isDone = async () =>
  (await administrator.request<{ signing: { step: string } }>('GET', SETTINGS)).signing.step === 'done';

const rotate = () => administrator.request('POST', ROTATE);

test('a Synapse that meets us after a rotation takes what the old key signed', { timeout: LONG_MS }, async () => {
  const alice = await servers.user(0, 'alice');
  const bob = await servers.user(1, 'bob');
  const roomId = await alice.createRoom({ preset: 'public_chat' });
  await alice.send(roomId, 'old key');
  await rotate();
  await until('the rotation to be done', isDone, LONG_MS);
  await alice.send(roomId, 'new key');
  await bob.join(roomId, [servers.at(0).serverName]);
  await until('the whole history', async () => {
    expect(textsOf(await wholeHistory(bob, roomId))).toEqual(['old key', 'new key']);
    return true;
  });
});

test('messages go to and fro during a rotation', { timeout: LONG_MS }, async () => {
  const alice = await servers.user(0, 'carol');
  const bob = await servers.user(1, 'dave');
  const roomId = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(roomId, [servers.at(0).serverName]);
  const exchange = async () => {
    await bob.seesEvent(roomId, await alice.send(roomId, 'there'));
    await alice.seesEvent(roomId, await bob.send(roomId, 'and back'));
  };
  await rotate();
  const work = async () => {
    await exchange();
    return isDone();
  };
  await until('the rotation to be done', work, LONG_MS);
  await exchange();
});
