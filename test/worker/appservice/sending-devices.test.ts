import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { appserviceMigrations } from '../../../migrations/appservice.ts';
import type { DeviceDeps } from '../../../src/appservice/sending/device-ports.ts';
import type { Moves, MovesQuery, RoomRange } from '../../../src/appservice/sending/ports.ts';
import { Transactions, type Recipient } from '../../../src/appservice/sending/transactions.ts';
import type { Env } from '../../../src/config.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import type { RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { applyMigrations } from '../../../src/storage/apply-migrations.ts';
import { DeviceNewsRepository } from '../../../src/storage/appservice-db/device-news-repository.ts';
import { QueueRepository } from '../../../src/storage/appservice-db/queue-repository.ts';

const bindings = env as unknown as Env;
const ROOM = '!room:eyrie.test' as RoomId;
const [ALICE, GHOST] = ['@alice:eyrie.test' as UserId, '@_ghost:eyrie.test' as UserId];

interface World {
  readonly store: QueueRepository;
  readonly transactions: Transactions;
  readonly bodies: JsonObject[];
  /** Who was asked for more than for an application service that does not track devices. */
  readonly asked: string[];
  readonly queries: MovesQuery[];
  readonly clock: { now: number };
}

/** The ghost of an application service that tracks devices is in a room, which says what a test wants. */
function inWorld(
  {
    moves,
    range,
    stillIn,
    isTracking = true,
  }: {
    readonly moves: (query: MovesQuery) => Moves;
    readonly range?: Partial<RoomRange>;
    readonly stillIn?: DeviceDeps['stillIn'];
    readonly isTracking?: boolean;
  },
  work: (world: World) => Promise<void>,
): Promise<void> {
  return runInDurableObject(bindings.APPSERVICE.getByName(crypto.randomUUID()), async (_instance, { storage }) => {
    applyMigrations(storage.sql, appserviceMigrations);
    const store = new QueueRepository(storage, () => undefined);
    const bodies: JsonObject[] = [];
    const asked: string[] = [];
    const queries: MovesQuery[] = [];
    const clock = { now: 1_000 };
    const interests = { ownsUser: (userId: UserId) => userId === GHOST, hasRoom: () => false };
    const recipient: Recipient = {
      id: 'as',
      dropsEchoes: false,
      interests: interests as Partial<Recipient['interests']> as Recipient['interests'],
      receivesEphemeral: true,
      knowsOlderEphemeral: false,
      tracksDevices: isTracking,
      hasAlias: async () => false,
      push: async (_txnId, body) => {
        bodies.push(JSON.parse(body) as JsonObject);
        return { kind: 'taken' };
      },
    };
    const transactions = new Transactions({
      store,
      recipient: async () => recipient,
      moves: async (_shard, query) => {
        queries.push(query);
        return moves(query);
      },
      readRoom: async () => ({
        epoch: 'e',
        to: 7,
        events: [],
        residents: [{ userId: GHOST, fromPos: 1, toPos: 99 }],
        receipts: undefined,
        privateReceipts: [],
        goesOn: false,
        ...range,
      }),
      now: () => clock.now,
      random: () => 0,
      devices: {
        store: new DeviceNewsRepository(storage.sql),
        roomMoves: async ({ from }) => {
          asked.push('room');
          return from === undefined ? { came: [ALICE, GHOST], went: [] } : { came: [], went: [ALICE] };
        },
        stillIn: async (userIds, passing) => {
          asked.push('left');
          return stillIn === undefined ? new Set() : stillIn(userIds, passing);
        },
        keyCounts: async () => {
          asked.push('keys');
          return [];
        },
      },
    });
    store.putShard({ shard: 'a', seq: 3, head: 7 });
    await work({ store, transactions, bodies, asked, queries, clock });
  });
}

const aMessage = { pos: 7, sender: ALICE, target: undefined, event: { type: 'm.room.message' }, isEcho: false };
const aLeave = { pos: 7, sender: ALICE, target: ALICE, event: { type: 'm.room.member' }, isEcho: false };
const moved: Moves = { seq: 7, head: 7, rooms: [{ roomId: ROOM, epoch: 'e', to: 7 }] };
const LISTS = 'org.matrix.msc3202.device_lists';

/** The room is known, and of interest, up to 3. */
function known(store: QueueRepository): void {
  store.wait(ROOM, 'e', 3, 0);
  store.advance(ROOM, 'e', 3, 3, true);
}

test.each([true, false])('for a message nobody is asked anything more (tracking: %s)', (isTracking) =>
  inWorld(
    {
      moves: () => ({ ...moved, devices: { seq: 7, lists: [], used: [] } }),
      range: { events: [aMessage] },
      isTracking,
    },
    async ({ store, transactions, bodies, asked, queries }) => {
      known(store);
      await transactions.run();
      expect(bodies).toEqual([{ events: [{ type: 'm.room.message' }] }]);
      expect(asked).toEqual([]);
      expect(queries.map(({ devices }) => devices)).toEqual([isTracking ? 3 : undefined]);
      expect(transactions.next()).toBeUndefined();
    },
  ),
);

test('where nobody can say whether a user has left, events go on, and it is found out later', () => {
  let isAway = true;
  const stillIn = async () => {
    if (isAway) throw new Error('away');
    return new Set<UserId>();
  };
  return inWorld(
    { moves: () => ({ ...moved, devices: { seq: 7, lists: [], used: [] } }), range: { events: [aLeave] }, stillIn },
    async ({ store, transactions, bodies, asked, clock }) => {
      known(store);
      await transactions.run();
      expect(bodies).toEqual([{ events: [{ type: 'm.room.member' }] }]);
      expect(transactions.next()).toBe(31_000);
      isAway = false;
      // Not asked again for each message.
      store.wait(ROOM, 'e', 8, 0);
      await transactions.run();
      expect(asked.filter((what) => what === 'left')).toHaveLength(1);
      clock.now += 30_000;
      await transactions.run();
      expect(bodies.at(-1)).toEqual({ events: [], [LISTS]: { changed: [], left: [ALICE] } });
      expect(transactions.next()).toBeUndefined();
    },
  );
});

test('who went from one room and is in another has not left', () =>
  inWorld(
    {
      moves: () => ({ ...moved, devices: { seq: 7, lists: [], used: [] } }),
      range: { events: [aLeave] },
      stillIn: async (userIds) => new Set(userIds),
    },
    async ({ store, transactions, bodies }) => {
      known(store);
      await transactions.run();
      expect(bodies).toEqual([{ events: [{ type: 'm.room.member' }] }]);
      expect(transactions.next()).toBeUndefined();
    },
  ));

test('news of very many users come in several transactions, each user once', () => {
  const users = Array.from({ length: 2_500 }, (_none, n) => `@${n}:other.example` as UserId);
  const lists = users.map((userId) => ({ userId, roomIds: [ROOM] }));
  return inWorld(
    { moves: () => ({ seq: 7, head: 7, rooms: [], devices: { seq: 7, lists, used: [] } }) },
    async ({ store, transactions, bodies }) => {
      known(store);
      await transactions.run();
      const changed = bodies.map((body) => (body[LISTS] as unknown as { changed: UserId[] }).changed);
      expect(changed.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
      expect(changed.flat().toSorted()).toEqual(users.toSorted());
    },
  );
});

test('of messages to devices no more are taken over than go into the next transactions, and none is lost', () => {
  const all = Array.from({ length: 1_200 }, (_none, n) => ({
    number: n + 1,
    userId: GHOST,
    deviceId: 'D',
    sender: ALICE,
    type: 'm.test',
    content: JSON.stringify({ n }),
    ts: 1_000,
  }));
  const held: number[] = [];
  let count = () => 0;
  const moves = ({ messages: { after, limit } }: MovesQuery): Moves => {
    held.push(count() + Math.min(limit, 500));
    const messages = all.filter(({ number }) => number > after).slice(0, Math.min(limit, 500));
    const goesOn = (messages.at(-1)?.number ?? after) < all.length;
    return { seq: 7, head: 7, rooms: [], messages, goesOn };
  };
  return inWorld({ moves, isTracking: false }, async ({ store, transactions, bodies }) => {
    count = () => store.countMessages();
    await transactions.run();
    const sent = bodies.flatMap((body) => body['de.sorunome.msc2409.to_device'] as JsonObject[]);
    expect(sent.map(({ content }) => (content as { n: number }).n)).toEqual(all.map((_message, n) => n));
    expect(Math.max(...held)).toBeLessThanOrEqual(200);
  });
});
