// Knocks between two of our servers (Server-Server API, "Knocking upon a room", "Leaving Rooms")
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';
import { until } from '../support/node/until.ts';

/** A rejection that found nobody is told again after as long as it has taken so far. */
const TOLD_MS = 120_000;

let host: EyrieServer;
let other: EyrieServer;
let alice: MatrixClient;
let bob: MatrixClient;

beforeAll(async () => {
  [host, other] = await startTwoEyries();
  alice = await new MatrixClient(host.clientUrl).register('alice');
  bob = await new MatrixClient(other.clientUrl).register('bob');
});
afterAll(() => Promise.all([host.remove(), other.remove()]));

/** Bob's section of `/sync` that the room is in. */
async function section(roomId: string): Promise<string | undefined> {
  const { rooms = {} } = await bob.sync();
  return Object.entries(rooms).find(([, of]) => Object.hasOwn(of, roomId))?.[0];
}

async function membershipAtHost(roomId: string): Promise<unknown> {
  const path = `/rooms/${encodeURIComponent(roomId)}/state/m.room.member/${encodeURIComponent(bob.userId)}`;
  return (await alice.request('GET', path))['membership'];
}

const becomes = (what: string | undefined, roomId: string) =>
  until(`the room to be ${what ?? 'none'} of bob's`, async () => (await section(roomId)) === what);

async function knocked() {
  const joinRules = { type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } };
  const roomId = await alice.createRoom({ preset: 'private_chat', name: 'Ledge', initial_state: [joinRules] });
  const path = `/knock/${encodeURIComponent(roomId)}`;
  const knock = () => bob.request('POST', path, {}, { query: { via: host.serverName } });
  await knock();
  expect(await membershipAtHost(roomId)).toBe('knock');
  expect(await section(roomId)).toBe('knock');
  return { roomId, knock };
}

const act = (roomId: string, verb: 'kick' | 'ban') =>
  alice.request('POST', `/rooms/${encodeURIComponent(roomId)}/${verb}`, { user_id: bob.userId });

test('a knock that is refused is over for who knocked, who may try again and be let in', async () => {
  const { roomId, knock } = await knocked();
  await act(roomId, 'kick');
  await becomes(undefined, roomId);
  await knock();
  expect(await membershipAtHost(roomId)).toBe('knock');
  await alice.invite(roomId, bob.userId);
  await becomes('invite', roomId);
  await bob.join(roomId);
  expect(await membershipAtHost(roomId)).toBe('join');
});

test('who is banned hears of it, and does not knock again', async () => {
  const { roomId, knock } = await knocked();
  await act(roomId, 'ban');
  await becomes(undefined, roomId);
  await expect(knock()).rejects.toThrow('M_FORBIDDEN');
});

test('a knock is taken back, and an invitation rejected, also while the other server is away', async () => {
  const { roomId } = await knocked();
  const invited = await alice.createRoom({ preset: 'private_chat', invite: [bob.userId] });
  await becomes('invite', invited);
  await host.stop();
  for (const left of [roomId, invited]) {
    await bob.leave(left);
    await becomes(undefined, left);
  }
  await host.restart();
  for (const left of [roomId, invited]) {
    await until('the host to know', async () => (await membershipAtHost(left)) === 'leave', TOLD_MS);
  }
});
