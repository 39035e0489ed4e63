// How often sliding sync asks the database of a shard, whatever the number of a user's rooms
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import type { RoomId, UserId } from '../../../../src/matrix/ids/brands.ts';
import type { Sql } from '../../../../src/storage/sql.ts';
import { DeviceRepository } from '../../../../src/storage/user-db/device-repository.ts';
import { ProgressRepository } from '../../../../src/storage/user-db/progress-repository.ts';
import { SlidingRepository } from '../../../../src/storage/user-db/sliding-repository.ts';
import { MemoryTypingBoard } from '../../../../src/user/progress/typing-board.ts';
import { commitAnswer } from '../../../../src/user/sliding/commit-answer.ts';
import { slidingPlan } from '../../../../src/user/sliding/sliding-plan.ts';
import { aClient } from '../../../support/worker/client.ts';

const bindings = env as unknown as Env;
const ROOMS = 300;

/** The stores of a shard in which a user has many rooms, and how many statements they run. */
async function inShard<T>(work: (shard: Stores) => T): Promise<T> {
  const alice = await aClient();
  const shard = bindings.USER.getByName(alice.token.split('_')[1] ?? '');
  return runInDurableObject(shard, (_instance, { storage }) => {
    let statements = 0;
    const exec: Sql['exec'] = (query, ...bound) => {
      statements += 1;
      return storage.sql.exec(query, ...bound);
    };
    const sql: Sql = { exec, databaseSize: 0 };
    const stores = {
      people: new DeviceRepository(sql),
      progress: new ProgressRepository(sql),
      sliding: new SlidingRepository(sql),
    };
    const userId = alice.userId as UserId;
    storage.transactionSync(() => {
      for (let at = 0; at < ROOMS; at += 1) {
        const roomId = `!many${at}-${alice.deviceId}:eyrie.test` as RoomId;
        const seq = stores.progress.take();
        stores.progress.setCursor(roomId, 'e', 1);
        stores.progress.append(seq, roomId, 1, Date.now());
        stores.progress.putRoom({
          userId,
          roomId,
          membership: 'join',
          fromPos: 1,
          seq,
          wasJoined: true,
          forgotten: false,
          byOther: false,
        });
        stores.sliding.putKnownRoom(roomId, { activeSeq: seq, bumpSeq: seq, roomType: null, isEncrypted: false });
        stores.people.putAccountData(userId, { roomId, type: 'm.tag', content: { tags: { 'u.a': {} } }, seq });
      }
    });
    return work({
      stores,
      name: { userId, deviceId: alice.deviceId, connId: '' },
      counted: (count) => {
        statements = 0;
        count();
        return statements;
      },
    });
  });
}

interface Stores {
  readonly stores: {
    readonly people: DeviceRepository;
    readonly progress: ProgressRepository;
    readonly sliding: SlidingRepository;
  };
  readonly name: { readonly userId: UserId; readonly deviceId: string; readonly connId: string };
  readonly counted: (work: () => void) => number;
}

const list = (ranges: readonly (readonly [number, number])[] | undefined, filter = {}) => ({
  name: 'all',
  ranges,
  filter,
  timelineLimit: 1,
  requiredState: { include: [], exclude: [], lazyMembers: false },
});
const none = { accountData: undefined, receipts: undefined, typing: undefined };

test('a plan asks as often for a list of hundreds of rooms as for few, with tags as without', async () => {
  const statements = await inShard(({ stores, name, counted }) => {
    const query = { ...name, pos: undefined, subscriptions: [], extensions: none };
    const plan = (one: ReturnType<typeof list>) =>
      counted(() => {
        const { lists, rooms } = slidingPlan(stores, new MemoryTypingBoard(), { ...query, lists: [one] });
        expect(lists['all']?.count).toBeGreaterThanOrEqual(ROOMS);
        expect(rooms.length).toBeGreaterThan(0);
      });
    return [plan(list([[0, 0]])), plan(list(undefined, { tags: ['u.a'] }))];
  });
  expect(Math.max(...statements)).toBeLessThan(10);
});

test('an answer with hundreds of rooms reads the wishes of its connection once, and keeps a bounded number of them', async () => {
  const kept = await inShard(({ stores, name, counted }) => {
    const rooms = Array.from({ length: ROOMS }, (_, at) => ({
      roomId: `!sent${at}:eyrie.test` as RoomId,
      room: {
        pos: 1,
        membership: 'join',
        seen: 1,
        required: [{ include: [{ type: `org.example.${at}` }], exclude: [], lazyMembers: false }],
        isDirect: false,
        receiptsPos: undefined,
        hasAccountData: false,
      },
    }));
    const answer = { ...name, pos: undefined, newConnection: crypto.randomUUID(), seq: 1, accountSeq: undefined };
    const same = rooms.map(({ roomId, room }) => ({ roomId, room: { ...room, required: [] } }));
    const statements = counted(() => commitAnswer(stores, { ...answer, rooms: same }, Date.now()));
    const { connection, generation } = commitAnswer(stores, { ...answer, rooms }, Date.now());
    const sent = [...stores.sliding.sentRooms(connection, generation).values()];
    return { statements, wishes: sent.filter(({ required }) => required.length > 0).length, rooms: sent.length };
  });
  expect(kept.statements).toBeLessThan(ROOMS + 20);
  expect(kept).toMatchObject({ wishes: 256, rooms: ROOMS });
});
