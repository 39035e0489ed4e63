import { describe, expect, test } from 'vitest';

import { until } from '../support/node/until.ts';
import { directions, usePair } from './support/pair.ts';
import { expectSameState, shareRoom, textsOf, wholeHistory } from './support/shared-room.ts';

const pair = usePair();
const ROUNDS = 5;
const PER_ROUND = 10;

/** What both wrote, round by round, in an order that the graph allows: each one's own, and no round before the last. */
function expectGraphOrder(texts: readonly unknown[]): void {
  expect(texts).toHaveLength(ROUNDS * PER_ROUND * 2);
  for (let round = 0; round < ROUNDS; round += 1) {
    const block = texts.slice(round * PER_ROUND * 2, (round + 1) * PER_ROUND * 2).map(String);
    for (const who of ['alice', 'bob']) {
      const wanted = Array.from({ length: PER_ROUND }, (_, index) => `${who} ${round}.${index}`);
      expect(block.filter((text) => text.startsWith(who))).toEqual(wanted);
    }
  }
}

describe.each(directions())('$title', (direction) => {
  test('50 messages of each, sent at once, are seen by both in an order that fits the graph', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    for (let round = 0; round < ROUNDS; round += 1) {
      const write = async (client: typeof alice, who: string): Promise<void> => {
        for (let index = 0; index < PER_ROUND; index += 1) await client.send(roomId, `${who} ${round}.${index}`);
      };
      await Promise.all([write(alice, 'alice'), write(bob, 'bob')]);
      const all = (round + 1) * PER_ROUND * 2;
      const arrived = (client: typeof alice) =>
        client.sees(`${all} messages`, () => client.room(roomId).texts().length >= all);
      await Promise.all([arrived(alice), arrived(bob)]);
    }
    for (const client of [alice, bob]) {
      expectGraphOrder(client.room(roomId).texts());
      expect(client.room(roomId).gaps).toBe(0);
      expectGraphOrder(textsOf(await wholeHistory(client, roomId, 15)));
    }
    await expectSameState(alice, bob, roomId);
  });

  test('a message is edited and answered with a reaction by the other', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    const original = await alice.send(roomId, 'frist');
    const edit = await alice.send(roomId, {
      msgtype: 'm.text',
      body: '* first',
      'm.new_content': { msgtype: 'm.text', body: 'first' },
      'm.relates_to': { rel_type: 'm.replace', event_id: original },
    });
    await bob.seesEvent(roomId, edit);
    const relation = { rel_type: 'm.annotation', event_id: original, key: '+1' };
    const reaction = await bob.send(roomId, { 'm.relates_to': relation }, 'm.reaction');
    await alice.seesEvent(roomId, reaction);
    const got = alice.room(roomId).timeline.find((event) => event.event_id === reaction);
    expect(got?.content).toEqual({ 'm.relates_to': relation });
  });

  test('a redaction by its sender removes the content on both servers', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    const secret = await bob.send(roomId, 'a secret');
    await alice.seesEvent(roomId, secret);
    const path = `/rooms/${encodeURIComponent(roomId)}/redact/${encodeURIComponent(secret)}/${bob.nextTxnId()}`;
    const { event_id: redaction } = await bob.request<{ event_id: string }>('PUT', path, { reason: 'a slip' });
    await alice.seesEvent(roomId, redaction);
    for (const client of [alice, bob]) {
      await until('the content to be gone', async () => {
        const { content } = await client.event(roomId, secret);
        return Object.keys(content).length === 0;
      });
      expect(textsOf(await wholeHistory(client, roomId))).not.toContain('a secret');
    }
  });

  test('a redaction by a moderator of the other server removes the content on both', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    const rude = await bob.send(roomId, 'something rude');
    await alice.seesEvent(roomId, rude);
    const path = `/rooms/${encodeURIComponent(roomId)}/redact/${encodeURIComponent(rude)}/${alice.nextTxnId()}`;
    const { event_id: redaction } = await alice.request<{ event_id: string }>('PUT', path, {});
    await bob.seesEvent(roomId, redaction);
    for (const client of [alice, bob]) {
      await until('the content to be gone', async () => {
        const { content } = await client.event(roomId, rude);
        return Object.keys(content).length === 0;
      });
    }
  });

  test('typing is seen by the other, and its end', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    for (const [writer, reader] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const path = `/rooms/${encodeURIComponent(roomId)}/typing/${encodeURIComponent(writer.userId)}`;
      await writer.request('PUT', path, { typing: true, timeout: 30_000 });
      await reader.sees('typing', () => reader.room(roomId).typing.includes(writer.userId));
      await writer.request('PUT', path, { typing: false });
      await reader.sees('the end of typing', () => !reader.room(roomId).typing.includes(writer.userId));
    }
  });

  test('a read receipt is seen by the other', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    for (const [writer, reader] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const sent = await writer.send(roomId, 'read me');
      await reader.seesEvent(roomId, sent);
      const path = `/rooms/${encodeURIComponent(roomId)}/receipt/m.read/${encodeURIComponent(sent)}`;
      await reader.request('POST', path, {});
      await writer.sees('the receipt', () => writer.room(roomId).hasRead(reader.userId, sent));
    }
  });
});
