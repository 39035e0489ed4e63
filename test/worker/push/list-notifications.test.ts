import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { comparePlaces, type NotificationPlace } from '../../../src/matrix/push-rules/notification-place.ts';
import {
  formatNotificationToken,
  listNotifications,
  parseNotificationToken,
} from '../../../src/push/list-notifications.ts';
import type { NotificationRooms, NotificationShard } from '../../../src/push/ports.ts';

const userId = '@alice:us.test' as UserId;

/** Rooms that look at `scanned` events at a time; each event of `events` is a notification or not. */
function aWorld(events: readonly (NotificationPlace & { readonly isNotified: boolean })[], scanned: number) {
  const movedTs = new Map<RoomId, number>();
  for (const { roomId, ts } of events) movedTs.set(roomId, Math.max(movedTs.get(roomId) ?? 0, ts));
  const shard: NotificationShard = {
    notificationRooms: async () => ({
      ignoredUsers: [],
      rooms: [...movedTs].map(([roomId, ts]) => ({ roomId, movedTs: ts })).toSorted((a, b) => b.movedTs - a.movedTs),
    }),
  };
  let asked = 0;
  const rooms: NotificationRooms = {
    readNotifications: async ({ roomId, after, limit }) => {
      asked += 1;
      const behind = events
        .filter((event) => event.roomId === roomId && (after === undefined || comparePlaces(event, after) > 0))
        .toSorted(comparePlaces);
      const seen = behind.slice(0, scanned);
      const notifications = seen.filter(({ isNotified }) => isNotified).slice(0, limit);
      const last = notifications.length === limit ? notifications.at(-1) : seen.at(-1);
      return {
        notifications: notifications.map((place) => ({ place, actions: ['notify'], event: {}, read: false })),
        reached: last === behind.at(-1) ? undefined : last,
      };
    },
  };
  return { shard, rooms, asked: () => asked };
}

async function allPages(world: ReturnType<typeof aWorld>, limit: number): Promise<readonly NotificationPlace[]> {
  const all: NotificationPlace[] = [];
  let after: NotificationPlace | undefined;
  do {
    const page = await listNotifications(world, { userId, deviceId: 'D', after, limit, onlyHighlights: false });
    expect(page.notifications.length).toBeLessThanOrEqual(limit);
    all.push(...page.notifications.map(({ place }) => place));
    after = page.next === undefined ? undefined : parseNotificationToken(formatNotificationToken(page.next));
  } while (after !== undefined);
  return all;
}

test('pages make up the whole list, in order, however little each room looks at', async () => {
  const event = fc.record({
    ts: fc.integer({ min: 1, max: 40 }),
    roomId: fc.integer({ min: 0, max: 60 }).map((n) => `!room${n}:us.test` as RoomId),
    isNotified: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 120 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 8 }),
      async (given, limit, scanned) => {
        // In a room the later event stands behind the earlier one.
        const events = given.toSorted((a, b) => a.ts - b.ts).map((one, index) => ({ ...one, anchor: index + 1 }));
        const wanted = events.filter(({ isNotified }) => isNotified).toSorted(comparePlaces);
        const listed = await allPages(aWorld(events, scanned), limit);
        expect(listed).toEqual(wanted);
      },
    ),
    { numRuns: 150 },
  );
});

test('rooms that moved before all of a page are not asked', async () => {
  const events = Array.from({ length: 200 }, (_, index) => ({
    ts: 1_000 - index,
    roomId: `!room${index}:us.test` as RoomId,
    anchor: 1,
    isNotified: true,
  }));
  const world = aWorld(events, 10);
  const page = await listNotifications(world, {
    userId,
    deviceId: 'D',
    after: undefined,
    limit: 10,
    onlyHighlights: false,
  });
  expect(page.notifications.map(({ place }) => place.ts)).toEqual(events.slice(0, 10).map(({ ts }) => ts));
  expect(world.asked()).toBe(32);
});
