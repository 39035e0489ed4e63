import { describe, expect, test } from 'vitest';

import { directions, usePair } from './support/pair.ts';
import { expectSameState, shareRoom, textsOf, wholeHistory } from './support/shared-room.ts';

const pair = usePair();
const versions = Array.from({ length: 12 }, (_, index) => String(index + 1));

test.each(['first', 'second'] as const)('the %s server creates rooms of every version', async (side) => {
  const client = await pair.user(side, 'alice');
  const { capabilities } = await client.request<{
    capabilities: { 'm.room_versions': { available: Record<string, string> } };
  }>('GET', '/capabilities');
  const offered = Object.keys(capabilities['m.room_versions'].available);
  // Other names are of experiments.
  expect(
    offered
      .filter((version) => /^\d+$/.test(version))
      .map(Number)
      .sort((a, b) => a - b),
  ).toEqual(versions.map(Number));
});

describe.each(directions())('$title', (direction) => {
  test.each(versions)('room version %s: create, invite, join, talk, redact, leave', async (version) => {
    const { alice, bob, roomId } = await shareRoom(pair, direction, { room_version: version });
    await bob.seesEvent(roomId, await alice.sendState(roomId, 'm.room.topic', { topic: `version ${version}` }));
    const sent = await alice.send(roomId, 'one');
    await bob.seesEvent(roomId, sent);
    await alice.seesEvent(roomId, await bob.send(roomId, 'two'));
    const path = `/rooms/${encodeURIComponent(roomId)}/redact/${encodeURIComponent(sent)}/${alice.nextTxnId()}`;
    await bob.seesEvent(roomId, (await alice.request<{ event_id: string }>('PUT', path, {})).event_id);
    for (const client of [alice, bob]) {
      expect(textsOf(await wholeHistory(client, roomId))).toEqual([undefined, 'two']);
    }
    await expectSameState(alice, bob, roomId);
    await bob.leave(roomId);
    await alice.seesMembership(roomId, bob.userId, 'leave');
  });
});
