// What the diagnosis says of a real Synapse, whether messages arrive there too
import { beforeAll, expect, test } from 'vitest';

import { eyrieAdministrator, startEyrieHomeserver } from '../support/node/eyrie-homeserver.ts';
import type { MatrixClient } from '../support/node/matrix-client.ts';
import { startSynapse } from '../support/node/synapse.ts';
import { until } from '../support/node/until.ts';
import { useServers } from './support/servers.ts';

interface Said {
  readonly ok: boolean;
  readonly steps: readonly { step: string; result: string; seen: string }[];
}

const servers = useServers();
const START_MS = 180_000;

let administrator: MatrixClient;

beforeAll(async () => {
  const [eyrie, synapse] = [await servers.place('eyrie'), await servers.place('synapse')];
  await servers.add(startEyrieHomeserver(eyrie), startSynapse(synapse));
  administrator = await eyrieAdministrator(servers.at(0));
}, START_MS);

async function delivery() {
  const peer = servers.at(1).serverName;
  const { steps } = await administrator.request<Said>('POST', '/_eyrie/admin/v1/selftest', { peer });
  return steps.find(({ step }) => step === 'delivery');
}

test('a message that a Synapse was sent is asked back from it', { timeout: START_MS }, async () => {
  expect(await delivery()).toMatchObject({ result: 'not_exercised' });
  const alice = await servers.user(0, 'alice');
  const bob = await servers.user(1, 'bob');
  const roomId = await alice.createRoom({ preset: 'private_chat', invite: [bob.userId] });
  await bob.seesInvite(roomId);
  await bob.join(roomId);
  await alice.seesMembership(roomId, bob.userId, 'join');
  const eventId = await alice.send(roomId, 'delivered');
  await until('the message to be known as sent', async () => (await delivery())?.seen.includes(eventId) === true);
  expect(await delivery()).toMatchObject({ result: 'ok', seen: expect.stringContaining(eventId) });
});
