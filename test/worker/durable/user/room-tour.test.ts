import { expect, test } from 'vitest';

import { RoomTour } from '../../../../src/durable/user/room-tour.ts';
import type { RoomId } from '../../../../src/matrix/ids/brands.ts';

/** A tour of rooms by the alphabet, some of which do not answer, with the duties that are left of it. */
function aTour(roomIds: readonly string[], away: ReadonlySet<string> = new Set()) {
  const visited: string[] = [];
  const duties: { kind: string; key: string }[] = [];
  const tour = new RoomTour({
    rooms: async (after, limit) => roomIds.filter((id) => id > after).slice(0, limit) as RoomId[],
    visit: async (roomId) => {
      if (away.has(roomId)) throw new Error('away');
      visited.push(roomId);
    },
    schedule: { set: (kind, key) => void duties.push({ kind, key }) },
  });
  /** Attends the next duty, as the shard does. */
  const next = async () => {
    const duty = duties.shift();
    if (duty !== undefined) await tour.attend({ ...duty, attempt: 1 });
    return duty;
  };
  return { tour, visited, duties, next };
}

const named = (count: number) => Array.from({ length: count }, (_, n) => `!${String(n).padStart(3, '0')}`);

test.each([0, 1, 10, 25, 30])('of %i rooms each is visited once, and the tour ends', async (count) => {
  const { tour, visited, duties, next } = aTour(named(count));
  tour.begin(0);
  while (duties.length > 0) await next();
  expect(visited).toEqual(named(count));
});

test('a room that does not answer is tried again by itself, and delays no other', async () => {
  const [first = '', ...others] = named(12);
  const away = new Set([first]);
  const { tour, visited, duties, next } = aTour([first, ...others], away);
  tour.begin(0);
  await next();
  const [again, onwards] = duties;
  expect([again?.key, onwards?.key]).toEqual([first, others[8]]);
  await expect(next()).rejects.toThrow('away');
  await next();
  expect(visited).toEqual(others);
  away.clear();
  if (again !== undefined) await tour.attend({ ...again, attempt: 2 });
  expect(visited).toContain(first);
});
