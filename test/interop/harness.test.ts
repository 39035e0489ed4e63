import { expect, test } from 'vitest';

import { usePair } from './support/pair.ts';
import { Synapse } from '../support/node/synapse.ts';

/** The harness itself: what it says of Eyrie counts only if two Synapses pass through it. */
const pair = usePair({ software: { first: 'synapse', second: 'synapse' } });

test('two Synapses share a room', async () => {
  const alice = await pair.user('first', 'alice');
  const bob = await pair.user('second', 'bob');
  const roomId = await alice.createRoom({ preset: 'private_chat', invite: [bob.userId] });
  await bob.seesInvite(roomId);
  await bob.join(roomId);
  await alice.seesMembership(roomId, bob.userId, 'join');
  await bob.seesEvent(roomId, await alice.send(roomId, 'from the first'));
  await alice.seesEvent(roomId, await bob.send(roomId, 'from the second'));
});

test('a Synapse keeps its data when it is stopped, killed and started', async () => {
  const server = pair.server('first');
  if (!(server instanceof Synapse)) throw new Error('the first server is a Synapse');
  const carol = await server.registerUser('carol');
  const roomId = await carol.createRoom({ name: 'kept' });
  await server.stop();
  await expect(carol.state(roomId, 'm.room.name')).rejects.toThrow();
  await server.start();
  await expect(carol.state(roomId, 'm.room.name')).resolves.toEqual({ name: 'kept' });
  await server.kill();
  await expect(carol.state(roomId, 'm.room.name')).rejects.toThrow();
  await server.start();
  await expect(carol.state(roomId, 'm.room.name')).resolves.toEqual({ name: 'kept' });
});
