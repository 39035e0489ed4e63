import { expect, test } from 'vitest';

import type { UserId } from '../../../src/matrix/ids/brands.ts';
import { JoinTickets } from '../../../src/rooms/join-tickets.ts';

/** A clock that goes on when it is told to, and joins that end when they are told to. */
function anIsolate() {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  const after = (delayMs: number) =>
    new Promise<void>((resolve) => {
      timers.push({ at: now + delayMs, run: resolve });
    });
  const tickets = new JoinTickets({ now: () => now, after });
  const settle = async () => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  const running = new Set<string>();
  const join = (name: string, hold: 'hold' | 'holdAgain' = 'hold', user = name) => {
    const end = Promise.withResolvers<void>();
    const ended = tickets[hold](`@${user}:us.test` as UserId, async () => {
      running.add(name);
      await end.promise;
      running.delete(name);
    });
    ended.catch(() => {});
    return { ended, end: () => end.resolve() };
  };
  const pass = async (ms: number) => {
    const until = now + ms;
    await settle();
    while (now < until) {
      now = Math.min(until, ...timers.filter(({ at }) => at > now).map(({ at }) => at));
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { run } of due) run();
      await settle();
    }
  };
  /** All requests end here without a word: no code of theirs runs any more. */
  const cutOff = () => {
    timers = [];
  };
  return { join, pass, cutOff, running: () => [...running] };
}

test('two joins are under way at once, and a third one when one of them has ended', async () => {
  const isolate = anIsolate();
  const first = isolate.join('first');
  isolate.join('second');
  isolate.join('third');
  await isolate.pass(20_000);
  expect(isolate.running()).toEqual(['first', 'second']);
  first.end();
  await isolate.pass(1_000);
  expect(isolate.running()).toEqual(['second', 'third']);
});

test('a join that fails gives its ticket back', async () => {
  const isolate = anIsolate();
  const tickets = new JoinTickets({ now: () => 0, after: () => new Promise(() => {}) });
  for (let n = 0; n < 3; n += 1) {
    await expect(tickets.hold('@eve:us.test' as UserId, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  }
  expect(isolate.running()).toEqual([]);
});

test('slow servers keep others waiting for a minute and not for ever', async () => {
  const isolate = anIsolate();
  for (const name of ['slow', 'slower']) isolate.join(name);
  await isolate.pass(30_000);
  isolate.join('third');
  await isolate.pass(20_000);
  expect(isolate.running()).toEqual(['slow', 'slower']);
  await isolate.pass(20_000);
  expect(isolate.running()).toEqual(['slow', 'slower', 'third']);
});

test('no more than eight joins are under way however slow they are, and the next is told to try again', async () => {
  const isolate = anIsolate();
  for (let n = 0; n < 4; n += 1) {
    isolate.join(`${n}a`);
    isolate.join(`${n}b`);
    await isolate.pass(61_000);
  }
  expect(isolate.running()).toHaveLength(8);
  const { ended } = isolate.join('ninth');
  await isolate.pass(61_000);
  await expect(ended).rejects.toMatchObject({ status: 503 });
  expect(isolate.running()).toHaveLength(8);
});

test('a join that was cut off without a word gives its ticket back', async () => {
  const isolate = anIsolate();
  isolate.join('first');
  isolate.join('second');
  await isolate.pass(5_000);
  isolate.cutOff();
  isolate.join('third');
  await isolate.pass(24_000);
  expect(isolate.running()).not.toContain('third');
  await isolate.pass(2_000);
  expect(isolate.running()).toContain('third');
});

test('a join that was let in before is not kept waiting, and counts', async () => {
  const isolate = anIsolate();
  for (const name of ['a', 'b', 'c']) isolate.join(name, 'holdAgain');
  isolate.join('new');
  await isolate.pass(5_000);
  expect(isolate.running()).toEqual(['a', 'b', 'c']);
});

test('one user holds two tickets at most, so that slow rooms of hers keep nobody else from joining', async () => {
  const isolate = anIsolate();
  for (let n = 0; n < 8; n += 1) {
    isolate.join(`slow ${n}`, 'hold', 'eve').ended.catch(() => {});
    await isolate.pass(61_000);
  }
  expect(isolate.running()).toEqual(['slow 0', 'slow 1']);
  isolate.join('of another', 'hold', 'alice');
  await isolate.pass(1_000);
  expect(isolate.running()).toContain('of another');
});

test('joins that are taken over are no more of one user either, nor of all', async () => {
  const isolate = anIsolate();
  const first = isolate.join('eve 0', 'holdAgain', 'eve');
  isolate.join('eve 1', 'holdAgain', 'eve');
  isolate.join('eve 2', 'holdAgain', 'eve');
  const { ended } = isolate.join('eve 3', 'holdAgain', 'eve');
  await isolate.pass(10_000);
  expect(isolate.running()).toEqual(['eve 0', 'eve 1']);
  first.end();
  await isolate.pass(1_000);
  expect(isolate.running()).toEqual(['eve 1', 'eve 2']);
  await isolate.pass(20_000);
  await expect(ended).rejects.toMatchObject({ status: 503 });
  for (let n = 0; n < 9; n += 1) isolate.join(`of user ${n}`, 'holdAgain');
  await isolate.pass(1_000);
  expect(isolate.running()).toHaveLength(8);
});
