import { describe, expect, test } from 'vitest';

import { until } from '../support/node/until.ts';
import { directions, usePair } from './support/pair.ts';
import { expectSameState, type SharedRoom, shareRoom, textsOf, wholeHistory } from './support/shared-room.ts';

const pair = usePair();

/** A Synapse looks once a minute for servers that it owes something to. */
const CATCH_UP_MS = 100_000;
const TEST_MS = 150_000;

/** One server goes away, the other's user goes on, and the first comes back. */
async function expectCatchUp(
  { alice, bob, roomId }: SharedRoom,
  away: 'alice' | 'bob',
  outage: { begin: () => Promise<void>; end: () => Promise<void> },
): Promise<void> {
  const [absent, present] = away === 'alice' ? [alice, bob] : [bob, alice];
  await present.seesEvent(roomId, await absent.send(roomId, 'before'));
  await absent.catchUp();
  await outage.begin();
  const missed = Array.from({ length: 20 }, (_, index) => `missed ${index}`);
  for (const text of missed) await present.send(roomId, text);
  const topic = await present.sendState(roomId, 'm.room.topic', { topic: 'changed meanwhile' });
  await outage.end();

  await absent.seesEvent(roomId, topic, CATCH_UP_MS);
  await until('everything that was missed', async () => {
    expect(textsOf(await wholeHistory(absent, roomId))).toEqual(['before', ...missed]);
    return true;
  });
  await present.seesEvent(roomId, await absent.send(roomId, 'after'), CATCH_UP_MS);
  await absent.seesEvent(roomId, await present.send(roomId, 'after that'), CATCH_UP_MS);
  await expectSameState(alice, bob, roomId);
}

const anyoneSetsTopics = { power_level_content_override: { events: { 'm.room.topic': 0 } } };

describe.each(directions())('$title', (direction) => {
  const { host, joiner } = direction;

  test('the joining server was stopped and catches up', { timeout: TEST_MS }, async () => {
    const server = pair.server(joiner);
    const shared = await shareRoom(pair, direction, anyoneSetsTopics);
    await expectCatchUp(shared, 'bob', { begin: () => server.stop(), end: () => server.start() });
  });

  test('the hosting server was stopped and catches up', { timeout: TEST_MS }, async () => {
    const server = pair.server(host);
    const shared = await shareRoom(pair, direction, anyoneSetsTopics);
    await expectCatchUp(shared, 'alice', { begin: () => server.stop(), end: () => server.start() });
  });

  test('the joining server was killed and catches up', { timeout: TEST_MS }, async () => {
    const server = pair.server(joiner);
    const shared = await shareRoom(pair, direction, anyoneSetsTopics);
    await expectCatchUp(shared, 'bob', { begin: () => server.kill(), end: () => server.start() });
  });

  test('an invite waits for nobody: it fails while the other server is away and works when it is back', async () => {
    const server = pair.server(joiner);
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const roomId = await alice.createRoom({ preset: 'private_chat' });
    await server.stop();
    await expect(alice.invite(roomId, bob.userId)).rejects.toThrow();
    await server.start();
    await until('the invite to be possible again', async () => {
      await alice.invite(roomId, bob.userId);
      return true;
    });
    await bob.seesInvite(roomId);
  });

  test('an invitation is rejected while its server is away', { timeout: TEST_MS }, async () => {
    const server = pair.server(host);
    const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
    const roomId = await alice.createRoom({ preset: 'private_chat', invite: [bob.userId] });
    await bob.seesInvite(roomId);
    await server.stop();
    await bob.leave(roomId);
    await bob.sees('the end of the invite', () => bob.room(roomId).membership === 'leave');
    await server.start();
    // A Synapse does not tell it later. Whether it is told or not, who rejected is invited anew and comes.
    if (pair.software[joiner] === 'eyrie') await alice.seesMembership(roomId, bob.userId, 'leave', CATCH_UP_MS);
    else await alice.request('POST', `/rooms/${encodeURIComponent(roomId)}/kick`, { user_id: bob.userId });
    await until('the invite to be possible again', async () => {
      await alice.invite(roomId, bob.userId);
      return true;
    });
    await bob.seesInvite(roomId);
    await bob.join(roomId);
    await alice.seesMembership(roomId, bob.userId, 'join');
    await alice.seesEvent(roomId, await bob.send(roomId, 'after all'));
    await expectSameState(alice, bob, roomId);
  });
});
