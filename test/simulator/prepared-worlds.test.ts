import { expect, test } from 'vitest';

import { readSync, type SyncQuery } from '../../src/room/read/read-sync.ts';
import { readSyncText } from '../../src/room/read/sync-text.ts';
import { sqlRoomStore } from '../../src/storage/room-db/room-store.ts';
import type { Sql } from '../../src/storage/sql.ts';
import { act, aPreparedWorld, asked, everybody, readers, undone } from '../support/simulator/prepared-world.ts';
import type { PreparedWorld } from '../support/simulator/prepared-world.ts';
import { Random } from '../support/simulator/random.ts';
import { eventsById, parsed } from '../support/simulator/sync-texts.ts';

/** The room as an object finds it that was just opened: nothing of it is at hand. */
function opened({ room }: PreparedWorld) {
  const ageing = { now: () => room.now, defaultDays: () => room.defaultDays };
  return sqlRoomStore(room.storage.sql as unknown as Sql, undefined, ageing);
}

/** All read the same, one after the other, and each is told what one is told for whom all is read anew. */
function readAll(world: PreparedWorld, query: ReturnType<typeof asked>): void {
  const { room, random } = world;
  for (const userId of readers) {
    const others = everybody.filter((other) => other !== userId && random.chance(0.5));
    const ignoredUsers = random.chance(0.1) ? others : [];
    const own: SyncQuery = { ...query, userId, scope: `${userId}/D`, ignoredUsers };
    const text = readSyncText(room.store, own, room.now);
    // What was unread at a position of the past depends on whether it was asked for before that was redacted.
    const store = own.to < room.store.stream.head() ? room.store : opened(world);
    expect(eventsById(text && parsed(text))).toEqual(eventsById(readSync(store, own, room.now)));
    if (random.chance(0.1)) room.now += random.below(86_400_000);
  }
}

test.each(Array.from({ length: 10 }, (_, index) => [index + 1]))(
  'an initial sync out of what is prepared says what one that reads everything says, world %i',
  (seed) => {
    const random = new Random(seed);
    const world = aPreparedWorld(random);
    let query = asked(world);
    for (let n = 0; n < 70; n += 1) {
      act(world);
      // Also what was before is asked for again, after it was redacted or has become too old.
      if (random.chance(0.5)) query = asked(world);
      readAll(world, query);
      if (!random.chance(0.2)) continue;
      undone(world, () => readAll(world, query));
      readAll(world, query);
    }
  },
);
