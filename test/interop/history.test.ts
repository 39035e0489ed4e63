import { describe, expect, test } from 'vitest';

import { until } from '../support/node/until.ts';
import { directions, usePair } from './support/pair.ts';
import { expectSameState, textsOf, wholeHistory } from './support/shared-room.ts';

const pair = usePair();
const BEFORE = 60;

describe.each(directions())('$title', ({ host, joiner }) => {
  test('history before the join is read by backfill, in order and once', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const roomId = await alice.createRoom({ preset: 'public_chat' });
    const wanted = Array.from({ length: BEFORE }, (_, index) => `old ${index}`);
    for (const text of wanted) await alice.send(roomId, text);
    await alice.sendState(roomId, 'm.room.topic', { topic: 'last before' });

    await bob.join(roomId, [pair.server(host).serverName]);
    const history = await until('the whole history', async () => {
      const events = await wholeHistory(bob, roomId, 20);
      expect(textsOf(events)).toEqual(wanted);
      return events;
    });
    expect(history[0]?.type).toBe('m.room.create');
    expect(new Set(history.map((event) => event.event_id)).size).toBe(history.length);
    expect(history.map((event) => event.event_id)).toEqual(
      (await wholeHistory(alice, roomId)).map((event) => event.event_id),
    );
    await expectSameState(alice, bob, roomId);
  });

  test('history from before the invite stays hidden where the room says so', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const visibility = {
      type: 'm.room.history_visibility',
      state_key: '',
      content: { history_visibility: 'invited' },
    };
    const roomId = await alice.createRoom({ preset: 'private_chat', initial_state: [visibility] });
    await alice.send(roomId, 'before the invite');
    await alice.invite(roomId, bob.userId);
    await alice.send(roomId, 'after the invite');
    await bob.seesInvite(roomId);
    await bob.join(roomId);
    await bob.seesEvent(roomId, await alice.send(roomId, 'after the join'));
    await until('what he may see', async () => {
      expect(textsOf(await wholeHistory(bob, roomId))).toEqual(['after the invite', 'after the join']);
      return true;
    });
  });

  test('what was said while a server was not in the room is read after it joined again', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const via = [pair.server(host).serverName];
    const roomId = await alice.createRoom({ preset: 'public_chat' });
    await bob.join(roomId, via);
    await alice.seesEvent(roomId, await bob.send(roomId, 'one'));
    await bob.leave(roomId);
    await alice.seesMembership(roomId, bob.userId, 'leave');
    for (const text of ['two', 'three', 'four']) await alice.send(roomId, text);
    await bob.join(roomId, via);
    await bob.seesEvent(roomId, await alice.send(roomId, 'five'));
    await until('the whole history', async () => {
      expect(textsOf(await wholeHistory(bob, roomId))).toEqual(['one', 'two', 'three', 'four', 'five']);
      return true;
    });
  });
});
