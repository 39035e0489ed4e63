import { expect, test } from 'vitest';

import type { EventId, RoomId, ServerName, UserId } from '../../../../src/matrix/ids/brands.ts';
import { allow, deny } from '../../../../src/matrix/result.ts';
import { eventByTime, type TimeDeps } from '../../../../src/rooms/finding/event-by-time.ts';
import type { TimedEvent, TimeQuery } from '../../../../src/rooms/finding/ports.ts';

const roomId = '!room:us.test' as RoomId;
const query = { roomId, userId: '@alice:us.test' as UserId, ts: 100, dir: 'b' as TimeQuery['dir'] };
const event = (name: string, originServerTs: number): TimedEvent => ({
  eventId: `$${name}` as EventId,
  originServerTs,
});
const hole = '$hole' as EventId;

/** A room whose history is filled by these events, one at a time, newest first; the hole ends with the last. */
function aWorld(
  held: TimedEvent | undefined,
  missing: readonly TimedEvent[],
  remote: Readonly<Record<string, TimedEvent>>,
) {
  const asked: string[] = [];
  const here = held === undefined ? [] : [held];
  const left = [...missing];
  let fills = 0;
  const deps: TimeDeps = {
    serverName: 'us.test' as ServerName,
    registry: { has: async () => true },
    rooms: {
      readByTime: async ({ ts, dir }) => ({
        event: here
          .filter(({ originServerTs: at }) => (dir === 'f' ? at >= ts : at <= ts))
          .toSorted((a, b) => Math.abs(a.originServerTs - ts) - Math.abs(b.originServerTs - ts))[0],
        holes: left.length === 0 ? [] : [hole],
      }),
      joinedServers: async () => ['us.test', ...Object.keys(remote)] as ServerName[],
      unknownEvents: async ({ eventIds }) => eventIds.filter((id) => !here.some(({ eventId }) => eventId === id)),
    },
    remote: {
      eventByTime: async (server) => {
        asked.push(server);
        const answer = remote[server];
        return answer === undefined ? deny({ kind: 'unreachable', error: 'away' }) : allow(answer);
      },
    },
    backfill: async (_roomId, holes) => {
      expect(holes).toEqual([hole]);
      fills += 1;
      const next = left.shift();
      if (next !== undefined) here.push(next);
      return next !== undefined;
    },
  };
  return { deps, asked, fills: () => fills };
}

test('without a hole nobody is asked', async () => {
  const { deps, asked } = aWorld(event('near', 90), [], { 'a.test': event('nearer', 99) });
  expect(await eventByTime(deps, query)).toEqual(event('near', 90));
  expect(asked).toEqual([]);
});

test('an event that another server has is fetched until it is here', async () => {
  const { deps, fills } = aWorld(event('near', 50), [event('above', 130), event('wanted', 99), event('below', 20)], {
    'a.test': event('wanted', 99),
  });
  expect(await eventByTime(deps, query)).toEqual(event('wanted', 99));
  expect(fills()).toBe(2);
});

test('the servers are asked one after the other, three at most', async () => {
  const far = event('far', 10);
  const { deps, asked, fills } = aWorld(event('near', 50), [event('other', 40)], {
    'a.test': far,
    'b.test': event('wrong direction', 101),
    'c.test': far,
    'd.test': event('wanted', 99),
  });
  expect(await eventByTime(deps, query)).toEqual(event('near', 50));
  expect(asked).toEqual(['a.test', 'b.test', 'c.test']);
  expect(fills()).toBe(0);
});

test('what lies too deep is not fetched for ever', async () => {
  const missing = Array.from({ length: 50 }, (_, index) => event(`m${index}`, 200 - index));
  const { deps, fills } = aWorld(undefined, missing, { 'a.test': event('wanted', 99) });
  await expect(eventByTime(deps, query)).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
  expect(fills()).toBe(5);
});

test('a room that is none of ours is not asked', async () => {
  const { deps } = aWorld(event('near', 90), [], {});
  const strange = { ...deps, registry: { has: async () => false } };
  await expect(eventByTime(strange, query)).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
});
