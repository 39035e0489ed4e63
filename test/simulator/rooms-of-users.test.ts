import { expect, test } from 'vitest';

import type { RoomId, UserId } from '../../src/matrix/ids/brands.ts';
import { turn } from '../../src/durable/turn.ts';
import { applyMigrations } from '../../src/storage/apply-migrations.ts';
import { ProgressRepository } from '../../src/storage/user-db/progress-repository.ts';
import type { Sql } from '../../src/storage/sql.ts';
import type { UserRoom } from '../../src/user/progress/store.ts';
import { SqliteStorage } from '../support/simulator/sqlite-storage.ts';
import { userMigrations } from '../support/simulator/user-migrations.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:one' as UserId;

function aShard() {
  const storage = new SqliteStorage();
  applyMigrations(storage.sql as unknown as SqlStorage, userMigrations);
  return { storage, progress: new ProgressRepository(storage.sql as unknown as Sql) };
}

const inRoom = (userId: UserId, membership: string): UserRoom => ({
  userId,
  roomId: '!room:one' as RoomId,
  membership,
  fromPos: 1,
  seq: 2,
  wasJoined: true,
  forgotten: false,
  byOther: false,
});

test('the rooms of a user are told as they are now, those of others stay as they were', () => {
  const { progress } = aShard();
  progress.putRoom(inRoom(alice, 'invite'));
  progress.putRoom(inRoom(bob, 'join'));
  expect([progress.roomsOf(alice), progress.roomsOf(bob)]).toEqual([[inRoom(alice, 'invite')], [inRoom(bob, 'join')]]);
  progress.putRoom(inRoom(alice, 'join'));
  expect([progress.roomsOf(alice), progress.roomsOf(bob)]).toEqual([[inRoom(alice, 'join')], [inRoom(bob, 'join')]]);
});

test('a change that is taken back is told to nobody', () => {
  const { storage, progress } = aShard();
  progress.putRoom(inRoom(alice, 'join'));
  const failing = () =>
    turn(storage as unknown as DurableObjectStorage, [progress], { now: 1 }, () => {
      progress.putRoom(inRoom(alice, 'ban'));
      expect(progress.roomsOf(alice)).toEqual([inRoom(alice, 'ban')]);
      throw new Error('not that');
    });
  expect(failing).toThrow('not that');
  expect(progress.roomsOf(alice)).toEqual([inRoom(alice, 'join')]);
});
