import { expect, test } from 'vitest';

import type { RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { readSync } from '../../../src/room/read/read-sync.ts';
import { applyMigrations } from '../../../src/storage/apply-migrations.ts';
import type { Sql } from '../../../src/storage/sql.ts';
import { ProgressRepository } from '../../../src/storage/user-db/progress-repository.ts';
import { applyRange } from '../../../src/user/progress/apply-range.ts';
import { syncPlan } from '../../../src/user/progress/sync-plan.ts';
import { MemoryTypingBoard } from '../../../src/user/progress/typing-board.ts';
import { RoomRig } from '../../support/simulator/room-rig.ts';
import { signPdu } from '../../support/simulator/sign-pdu.ts';
import { SqliteStorage } from '../../support/simulator/sqlite-storage.ts';
import { userMigrations } from '../../support/simulator/user-migrations.ts';

const alice = '@alice:one' as UserId;
const query = {
  userId: alice,
  scope: 'd',
  timelineLimit: 10,
  timelineFilter: {},
  stateFilter: {},
  lazyLoadMembers: false,
  fullState: false,
  ignoredUsers: [],
};

test('a correction that is owed since an initial sync repeats the whole state of a room', () => {
  const storage = new SqliteStorage();
  applyMigrations(storage.sql as unknown as SqlStorage, userMigrations);
  const store = new ProgressRepository(storage.sql as unknown as Sql);
  const roomId = '!room:one' as RoomId;
  const memberships = [{ userId: alice, membership: 'join', sender: alice, pos: 3 }];
  const activity = { isActive: true, isBumped: true, roomType: null, isEncrypted: false };
  applyRange(store, { roomId, epoch: '1', from: undefined, to: 20, memberships, hasMemberships: true, activity }, 0);
  const plan = syncPlan(store, new MemoryTypingBoard(), {
    userId: alice,
    since: store.head(),
    owedSince: 0,
    fullState: false,
    includeLeave: false,
  });
  expect(plan.rooms).toEqual([{ roomId, membership: 'join', from: 20, to: 20, owedFrom: 0, wasJoined: true }]);
});

test('a state event that was shown late and changed nothing is corrected', () => {
  const room = new RoomRig('one');
  room.create('11', alice);
  const eve = '@eve:two' as UserId;
  const joined = signPdu(room, { type: 'm.room.member', sender: eve, stateKey: eve, content: { membership: 'join' } });
  room.receive(joined, 'two');
  const at = room.store.stream.head();
  // Made before the leave, on a branch of its own: it comes into the timeline, but the leave stands.
  const late = signPdu(room, {
    type: 'm.room.member',
    sender: eve,
    stateKey: eve,
    content: { membership: 'join', displayname: 'late' },
    prevEvents: [joined.eventId],
    at,
  });
  room.now += 1_000;
  const leave = signPdu(room, { type: 'm.room.member', sender: eve, stateKey: eve, content: { membership: 'leave' } });
  room.receive(leave, 'two');
  const from = room.store.stream.head();
  room.receive(late, 'two');
  const to = room.store.stream.head();
  const shown = readSync(room.store, { ...query, from, to }, room.now);
  expect(shown?.timeline.map(({ event_id: eventId }) => eventId)).toEqual([late.eventId]);
  expect(shown?.owed).toBe(true);
  const next = readSync(room.store, { ...query, from: to, to, owedFrom: from }, room.now);
  expect(next?.state.map(({ event_id: eventId }) => eventId)).toEqual([leave.eventId]);
});
