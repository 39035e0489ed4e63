import { expect, test } from 'vitest';

import { originWaker } from '../../../src/federation/wake-origin.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';

const [peer, stranger] = ['peer.test', 'stranger.test'] as ServerName[] as [ServerName, ServerName];

function aWaker(wake: (origin: ServerName) => Promise<void> = async () => undefined) {
  const woken: ServerName[] = [];
  let now = 0;
  const waker = originWaker({
    registry: { has: async (server) => server === peer },
    wake: async (origin) => {
      woken.push(origin);
      await wake(origin);
    },
    now: () => now,
  });
  return { waker, woken, pass: (ms: number) => (now += ms) };
}

test('a server is woken at most once a minute', async () => {
  const { waker, woken, pass } = aWaker();
  await waker(peer);
  expect(waker(peer)).toBeUndefined();
  pass(60_000);
  await waker(peer);
  expect(woken).toEqual([peer, peer]);
});

test('no object of a stranger is addressed', async () => {
  const { waker, woken } = aWaker();
  await waker(stranger);
  expect(woken).toEqual([]);
});

test('an object that cannot be woken troubles nobody', async () => {
  const { waker } = aWaker(() => Promise.reject(new Error('overloaded')));
  await expect(waker(peer)).resolves.toBeUndefined();
});
