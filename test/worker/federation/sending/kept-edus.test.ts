import { expect, test } from 'vitest';

import { aRoomId, aSender, anOffer, down, refusal, settle } from '../../../support/worker/a-sender.ts';

const room = aRoomId('room');

const kept = (...names: readonly (string | number)[]) =>
  names.map((name) => ({ id: `m.test ${name}`, json: JSON.stringify({ edu_type: 'm.test', content: { name } }) }));

const typing = { key: 'typing', json: '{"content":{"name":"typing"},"edu_type":"m.typing"}', expiresAt: 9_000_000 };

/** The names of the EDUs of each transaction. */
function namesIn(sent: ReturnType<typeof aSender>['sent']) {
  return sent.map(({ body }) =>
    ((body['edus'] ?? []) as unknown as { content: { name: unknown } }[]).map(({ content }) => content.name),
  );
}

test('EDUs that are kept are sent at once, in order, before the others, and gone when the server has them', async () => {
  const { sender, store, sent, serverAnswers, release, alarms } = aSender();
  serverAnswers(() => 'wait');
  sender.keepEdus(kept(1, 2));
  await settle();
  sender.offerEdu(typing);
  sender.keepEdus(kept(3));
  expect(store.keptEdus.has()).toBe(true);
  expect(alarms.length).toBeGreaterThan(0);
  release();
  await settle();
  release();
  await settle();
  expect(namesIn(sent)).toEqual([
    [1, 2],
    [3, 'typing'],
  ]);
  expect(store.keptEdus.has()).toBe(false);
});

test('they go together with PDUs', async () => {
  const { sender, sent, serverAnswers, release, positions } = aSender();
  serverAnswers(() => 'wait');
  sender.keepEdus(kept(1));
  await settle();
  const answer = sender.offer(anOffer(room, 0, 1));
  sender.keepEdus(kept(2));
  release();
  await settle();
  release();
  expect(await answer).toBe('sent');
  expect(namesIn(sent)).toEqual([[1], [2]]);
  expect(positions()).toEqual([[], [1]]);
});

test('a server that is down gets them when it is back, the same transaction first', async () => {
  const { sender, store, sent, serverAnswers, alarms, pass } = aSender();
  serverAnswers(() => down);
  sender.keepEdus(kept(1));
  await settle();
  sender.keepEdus(kept(2));
  expect(alarms.length).toBeGreaterThan(0);
  serverAnswers(() => ({ ok: true, value: undefined }));
  pass(3_600_000);
  expect(await sender.deliver()).toBeUndefined();
  expect(namesIn(sent)).toEqual([[1], [1], [2]]);
  expect(sent[1]).toEqual(sent[0]);
  expect(store.keptEdus.has()).toBe(false);
});

test('they survive the end of the object, and so does the transaction that they were in', async () => {
  const first = aSender();
  first.serverAnswers(() => down);
  first.sender.keepEdus(kept(1, 2));
  await settle();
  first.sender.keepEdus(kept(3));
  const second = aSender({ store: first.store });
  second.pass(3_600_000);
  await second.sender.deliver();
  expect(namesIn(second.sent)).toEqual([[1, 2], [3]]);
  expect(second.sent[0]).toEqual(first.sent[0]);
});

test('a hundred go at a time, and no more with others', async () => {
  const { sender, sent, serverAnswers, release } = aSender();
  serverAnswers(() => 'wait');
  sender.keepEdus(kept(0));
  await settle();
  sender.offerEdu(typing);
  sender.keepEdus(kept(...Array.from({ length: 150 }, (_, at) => at + 1)));
  for (let at = 0; at < 3; at += 1) {
    release();
    await settle();
  }
  expect(namesIn(sent).map((names) => names.length)).toEqual([1, 100, 51]);
});

test('one that waits is not kept twice', async () => {
  const { sender, sent, serverAnswers, release } = aSender();
  serverAnswers(() => 'wait');
  sender.keepEdus(kept(1));
  await settle();
  sender.keepEdus(kept(2, 1, 2));
  release();
  await settle();
  release();
  expect(namesIn(sent)).toEqual([[1], [2]]);
});

test('of several the one that the server refuses is lost, and the others and PDUs arrive', async () => {
  const { sender, sent, store, serverAnswers, release, lost, positions } = aSender();
  serverAnswers(() => 'wait');
  sender.keepEdus(kept(0));
  await settle();
  const taken: unknown[] = [];
  serverAnswers(({ body }) => {
    const names = namesIn([{ txnId: '', body }])[0] ?? [];
    if (names.includes(3)) return refusal(400);
    taken.push(...names);
    return { ok: true, value: undefined };
  });
  sender.keepEdus(kept(1, 2, 3, 4, 5));
  const answer = sender.offer(anOffer(room, 0, 2));
  release();
  expect(await answer).toBe('sent');
  await settle();
  expect(taken).toEqual([1, 2, 4, 5]);
  expect(lost).toEqual([{ count: 1, reason: expect.stringContaining('400') }]);
  expect(store.keptEdus.has()).toBe(false);
  expect(positions().flat()).toContain(2);
  expect(sent.length).toBeLessThan(15);
});

test('without any, a room is sent without a look at the store of EDUs', async () => {
  const { sender, memory } = aSender();
  expect(await sender.offer(anOffer(room, 0, 2))).toBe('sent');
  expect(memory.writes()).toBe(0);
});
