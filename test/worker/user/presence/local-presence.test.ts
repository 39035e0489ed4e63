import { expect, test } from 'vitest';

import type { UserId } from '../../../../src/matrix/ids/brands.ts';
import { LocalPresence, type HeldPoll } from '../../../../src/user/presence/local-presence.ts';
import type { Presence } from '../../../../src/user/presence/presence.ts';

const alice = '@alice:us.test' as UserId;
const NOW = 1_700_000_000_000;
const MINUTE = 60_000;

function aShard(rows = new Map<UserId, Presence>()) {
  let held: readonly HeldPoll[] = [];
  const local = new LocalPresence(
    {
      get: (userId) => rows.get(userId),
      put: (presence) => void rows.set(presence.userId, presence),
      remove: (userId) => void rows.delete(userId),
      present: () => [...rows.values()].filter(({ presence }) => presence !== 'offline'),
    },
    () => held,
  );
  return { local, rows, holds: (state: HeldPoll['state'], deviceId = 'PHONE') => (held = [{ deviceId, state }]) };
}

test('who syncs is online and active', () => {
  const { local } = aShard();
  local.use(alice, 'PHONE', 'online', NOW, NOW);
  expect(local.settle(alice, NOW)).toEqual({
    userId: alice,
    presence: 'online',
    currentlyActive: true,
    activeTs: NOW,
  });
});

test('only what others would see otherwise is told', () => {
  const { local } = aShard();
  local.use(alice, 'PHONE', 'online', NOW, NOW);
  local.settle(alice, NOW);
  local.act(alice, NOW + 10_000);
  local.use(alice, 'PHONE', 'online', NOW + 20_000, NOW + 20_000);
  expect(local.settle(alice, NOW + 20_000)).toBeUndefined();
});

test('who stops syncing is offline', () => {
  const { local } = aShard();
  local.use(alice, 'PHONE', 'online', NOW + 30_000, NOW);
  local.settle(alice, NOW);
  expect(local.settle(alice, NOW + 59_999)).toBeUndefined();
  expect(local.settle(alice, NOW + 61_000)).toMatchObject({ presence: 'offline', currentlyActive: false });
});

test('a held poll keeps its user present', () => {
  const { local, holds } = aShard();
  local.use(alice, 'PHONE', 'online', NOW, NOW);
  local.settle(alice, NOW);
  holds('online');
  expect(local.current(alice, NOW + 2 * MINUTE)).toMatchObject({ presence: 'online', currentlyActive: false });
});

test('what a device says of its user holds over its poll that is still held, until it syncs again', () => {
  const { local, holds } = aShard();
  holds('online');
  local.use(alice, 'PHONE', 'online', NOW + 30_000, NOW);
  local.settle(alice, NOW);
  local.say(alice, 'PHONE', 'unavailable', NOW + 1_000);
  expect(local.settle(alice, NOW + 1_000, 'asleep')).toMatchObject({ presence: 'unavailable', statusMsg: 'asleep' });
  holds('online', 'DESK');
  expect(local.settle(alice, NOW + 2_000)).toMatchObject({ presence: 'online' });
  holds('online');
  local.use(alice, 'PHONE', 'online', NOW + 33_000, NOW + 3_000);
  expect(local.current(alice, NOW + 3_000)).toMatchObject({ presence: 'online' });
});

test('of more devices than are remembered the one that spoke first counts by its poll again', () => {
  const { local, holds } = aShard();
  holds('online');
  local.say(alice, 'PHONE', 'offline', NOW);
  for (let n = 0; n < 19; n += 1) local.say(alice, `DEVICE${n}`, 'offline', NOW);
  expect(local.current(alice, NOW)).toMatchObject({ presence: 'offline' });
  local.say(alice, 'LAST', 'offline', NOW);
  expect(local.current(alice, NOW)).toMatchObject({ presence: 'online' });
});

test('who does nothing for five minutes is idle, and comes back by doing something', () => {
  const { local, holds } = aShard();
  holds('online');
  local.use(alice, 'PHONE', 'online', NOW, NOW);
  local.settle(alice, NOW);
  expect(local.settle(alice, NOW + 5 * MINUTE)).toMatchObject({ presence: 'unavailable' });
  local.use(alice, 'PHONE', 'online', NOW + 6 * MINUTE, NOW + 6 * MINUTE);
  expect(local.settle(alice, NOW + 6 * MINUTE)).toBeUndefined();
  local.act(alice, NOW + 7 * MINUTE);
  expect(local.settle(alice, NOW + 7 * MINUTE)).toMatchObject({ presence: 'online', currentlyActive: true });
});

test('of several devices the most awake counts', () => {
  const { local } = aShard();
  local.use(alice, 'PHONE', 'online', NOW, NOW);
  local.use(alice, 'DESK', 'unavailable', NOW, NOW);
  expect(local.current(alice, NOW).presence).toBe('online');
  local.use(alice, 'PHONE', 'offline', NOW, NOW);
  expect(local.current(alice, NOW).presence).toBe('unavailable');
});

test('a status stays until another one is set', () => {
  const { local } = aShard();
  local.use(alice, 'PHONE', 'online', NOW, NOW);
  expect(local.settle(alice, NOW, 'in a meeting')).toMatchObject({ statusMsg: 'in a meeting' });
  expect(local.settle(alice, NOW + 40_000)).toMatchObject({ presence: 'offline', statusMsg: 'in a meeting' });
  expect(local.settle(alice, NOW + 40_000, null)).not.toHaveProperty('statusMsg');
});

test('after an eviction who was present has time to poll again', () => {
  const { local, rows } = aShard();
  local.use(alice, 'PHONE', 'online', NOW, NOW);
  local.settle(alice, NOW);
  const later = aShard(rows).local;
  expect(later.settle(alice, NOW + 2 * MINUTE)).toMatchObject({ presence: 'online', currentlyActive: false });
  expect(later.settle(alice, NOW + 3 * MINUTE)).toMatchObject({ presence: 'offline' });
});
