import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { appserviceMigrations } from '../../../migrations/appservice.ts';
import { Transactions, type Recipient, type SendingDeps } from '../../../src/appservice/sending/transactions.ts';
import type { Moves, RoomRange } from '../../../src/appservice/sending/ports.ts';
import type { Env } from '../../../src/config.ts';
import type { RoomId } from '../../../src/matrix/ids/brands.ts';
import { applyMigrations } from '../../../src/storage/apply-migrations.ts';
import { QueueRepository } from '../../../src/storage/appservice-db/queue-repository.ts';

const bindings = env as unknown as Env;

interface Sending {
  readonly store: QueueRepository;
  readonly transactions: Transactions;
}

const RECIPIENT: Recipient = {
  id: 'as',
  dropsEchoes: false,
  interests: {
    ownsUser: () => false,
    hasRoom: () => true,
  } as Partial<Recipient['interests']> as Recipient['interests'],
  receivesEphemeral: true,
  knowsOlderEphemeral: false,
  hasAlias: async () => false,
  push: async () => ({ kind: 'taken' }),
};

/** Sending with tables of its own, and with what a test says of shards and rooms. */
const sendingWith = (deps: Partial<SendingDeps>, work: (sending: Sending) => Promise<void>): Promise<void> =>
  runInDurableObject(bindings.APPSERVICE.getByName(crypto.randomUUID()), (_instance, { storage }) => {
    applyMigrations(storage.sql, appserviceMigrations);
    const store = new QueueRepository(storage, () => undefined);
    const transactions = new Transactions({
      store,
      recipient: async () => RECIPIENT,
      moves: async (_shard, seq) => ({ seq, head: seq, rooms: [] }),
      readRoom: async () => undefined,
      now: () => 1_000,
      random: () => 0,
      ...deps,
    });
    return work({ store, transactions });
  });

test('a replay that comes while a log is looked through is not taken back by what the log answers', () => {
  const asked: number[] = [];
  const waiting: ((moves: Moves) => void)[] = [];
  const moves = (_shard: string, seq: number) => {
    asked.push(seq);
    return new Promise<Moves>((resolve) => waiting.push(resolve));
  };
  return sendingWith({ moves }, async ({ store, transactions }) => {
    store.putShard({ shard: 'a', seq: 3, head: 7 });
    const done = transactions.run();
    await expect.poll(() => asked).toEqual([3]);
    store.transaction(() => store.beginAnew(0));
    void transactions.run();
    waiting[0]?.({ seq: 7, head: 7, rooms: [] });
    await expect.poll(() => asked).toEqual([3, 0]);
    waiting[1]?.({ seq: 7, head: 7, rooms: [] });
    await done;
    expect(store.shards()).toEqual([{ shard: 'a', seq: 7, head: 7 }]);
  });
});

const ROOM = '!room:eyrie.test' as RoomId;

const range: RoomRange = {
  epoch: 'e',
  to: 7,
  events: [],
  residents: [],
  receipts: undefined,
  privateReceipts: [],
  goesOn: false,
};

test('a room that ends before what was told of it is read once, not for ever', () => {
  let reads = 0;
  const readRoom = async () => {
    reads += 1;
    if (reads > 3) throw new Error('it is read again and again');
    return range;
  };
  return sendingWith({ readRoom }, async ({ store, transactions }) => {
    store.wait(ROOM, 'e', 9, 0);
    await transactions.run();
    expect(reads).toBe(1);
    expect(transactions.next()).toBeUndefined();
  });
});

test('what waits for somebody to whom nothing can be sent wakes nobody', () =>
  sendingWith({ recipient: async () => undefined }, async ({ store, transactions }) => {
    store.putShard({ shard: 'a', seq: 3, head: 7 });
    store.wait(ROOM, 'e', 9, 0);
    await transactions.run();
    expect(transactions.next()).toBeUndefined();
  }));

test('a replay that comes while a room is read is not taken back by what the room answers', () => {
  const asked: (number | undefined)[] = [];
  const waiting: ((range: RoomRange) => void)[] = [];
  return sendingWith(
    {
      readRoom: ({ from }) => {
        asked.push(from);
        return new Promise<RoomRange>((resolve) => waiting.push(resolve));
      },
    },
    async ({ store, transactions }) => {
      store.wait(ROOM, 'e', 3, 0);
      store.advance(ROOM, 'e', 3, 3);
      store.wait(ROOM, 'e', 7, 0);
      const done = transactions.run();
      await expect.poll(() => asked).toEqual([3]);
      store.transaction(() => {
        store.beginAnew(0);
        store.wait(ROOM, 'e', 7, 0);
      });
      waiting[0]?.(range);
      await expect.poll(() => asked).toEqual([3, undefined]);
      waiting[1]?.(range);
      await done;
    },
  );
});
