import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { appserviceMigrations } from '../../../migrations/appservice.ts';
import { Transactions, type Recipient, type SendingDeps } from '../../../src/appservice/sending/transactions.ts';
import type {
  EphemeralOffer,
  Moves,
  MovesQuery,
  PushAnswer,
  RoomRange,
  RoomRangeQuery,
} from '../../../src/appservice/sending/ports.ts';
import type { Env } from '../../../src/config.ts';
import type { RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { applyMigrations } from '../../../src/storage/apply-migrations.ts';
import { DeviceNewsRepository } from '../../../src/storage/appservice-db/device-news-repository.ts';
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
  tracksDevices: false,
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
      moves: async (_shard, { seq }) => ({ seq, head: seq, rooms: [] }),
      devices: {
        store: new DeviceNewsRepository(storage.sql),
        roomMoves: async () => ({ came: [], went: [] }),
        stillIn: async () => new Set(),
        keyCounts: async () => [],
      },
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
  const moves = (_shard: string, { seq }: MovesQuery) => {
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
    expect(store.shards()).toMatchObject([{ shard: 'a', seq: 7, head: 7 }]);
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

test('a shard that does not answer is asked later and later, others go on, and the health says so', () => {
  let now = 1_000;
  const asked: string[] = [];
  const moves = async (shard: string, { seq }: MovesQuery) => {
    asked.push(shard);
    if (shard === 'a') throw new Error('it is away');
    return { seq: 7, head: Math.max(seq, 7), rooms: [] };
  };
  return sendingWith({ moves, now: () => now }, async ({ store, transactions }) => {
    for (const shard of ['a', 'b']) store.putShard({ shard, seq: 3, head: 7 });
    const waits: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      await transactions.run();
      waits.push((transactions.next() ?? 0) - now);
      now = transactions.next() ?? 0;
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000]);
    // Somebody else has something in between: it is left alone.
    now -= 8_000;
    await transactions.run();
    expect(asked).toEqual(['a', 'b', 'a', 'a', 'a']);
    expect(store.health()).toMatchObject({ attempts: 0, lastError: 'a does not answer: Error: it is away' });
  });
});

test('a room that does not answer is named in the health, and nothing else waits for it', () => {
  const readRoom = async () => {
    throw new Error('it is broken');
  };
  return sendingWith({ readRoom }, async ({ store, transactions }) => {
    store.wait(ROOM, 'e', 9, 0);
    await transactions.run();
    expect(store.health()).toMatchObject({
      attempts: 0,
      until: 0,
      lastError: `${ROOM} does not answer: Error: it is broken`,
      lastErrorTs: 1_000,
    });
  });
});

test('what throws while a transaction is made is in the health, and is tried again later', () => {
  const interests = {
    ...RECIPIENT.interests,
    ownsUser: () => {
      throw new Error('it cannot be made');
    },
  };
  return sendingWith({ recipient: async () => ({ ...RECIPIENT, interests }) }, async ({ store, transactions }) => {
    transactions.offer(OFFERS.slice(0, 1), 'as');
    await transactions.run();
    expect(store.health()).toMatchObject({ attempts: 1, until: 1_750, lastError: 'Error: it cannot be made' });
  });
});

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

const USER = '@user:eyrie.test' as UserId;
/** More than a row holds, all together, though none is much. */
const OFFERS: readonly EphemeralOffer[] = Array.from({ length: 500 }, (_none, n) => ({
  key: `presence ${n}`,
  event: { type: 'm.presence', sender: `@${n}:eyrie.test`, content: { status_msg: '語'.repeat(1_000) } },
  roomIds: [],
  userId: USER,
  expiresAt: 2_000,
}));
const OWNER: Recipient = {
  ...RECIPIENT,
  interests: { ...RECIPIENT.interests, ownsUser: () => true },
  knowsOlderEphemeral: true,
};
interface Sent {
  readonly events: readonly unknown[];
  readonly ephemeral?: readonly { readonly type: string; readonly sender?: string; readonly content: object }[];
}
const sentBy = (bodies: readonly string[]) => bodies.map((body) => JSON.parse(body) as Sent);

test('presence that is more than one transaction holds comes in several, each once', () => {
  const bodies: string[] = [];
  const push: Recipient['push'] = async (_txnId, body) => {
    bodies.push(body);
    return { kind: 'taken' };
  };
  return sendingWith({ recipient: async () => ({ ...OWNER, push }) }, async ({ store, transactions }) => {
    transactions.offer(OFFERS, 'as');
    await transactions.run();
    expect(store.health().lastError).toBeUndefined();
    const senders = sentBy(bodies).flatMap(({ ephemeral }) => ephemeral?.map(({ sender }) => sender));
    expect(senders).toEqual(OFFERS.map(({ event }) => event['sender']));
    expect(Math.max(...bodies.map((body) => Buffer.byteLength(body)))).toBeLessThan(1_100_000);
  });
});

test('receipts that are more than one transaction holds come in several, each once', () => {
  const bodies: string[] = [];
  const push: Recipient['push'] = async (_txnId, body) => {
    bodies.push(body);
    return { kind: 'taken' };
  };
  const privateReceipts = Array.from({ length: 15 }, (_none, n) => ({
    userId: USER,
    content: { [`$${n}`]: { text: 'x'.repeat(200_000) } },
  }));
  const readRoom = async (): Promise<RoomRange> => ({ ...range, privateReceipts });
  return sendingWith({ recipient: async () => ({ ...OWNER, push }), readRoom }, async ({ store, transactions }) => {
    store.wait(ROOM, 'e', 7, 0);
    await transactions.run();
    expect(store.health().lastError).toBeUndefined();
    const receipts = sentBy(bodies).flatMap(({ ephemeral }) => ephemeral?.map(({ content }) => content));
    expect(Math.max(...bodies.map((body) => Buffer.byteLength(body)))).toBeLessThan(1_100_000);
    expect(receipts).toEqual(privateReceipts.map(({ content }) => content));
  });
});

test('receipts that did not fit are told before later ones of their room', () => {
  const bodies: string[] = [];
  const push: Recipient['push'] = async (_txnId, body) => {
    bodies.push(body);
    return { kind: 'taken' };
  };
  const receiptsAt = (pos: number, size: number) =>
    Array.from({ length: 5 }, (_none, n) => ({
      userId: USER,
      content: { [`$${pos}-${n}`]: { text: 'x'.repeat(size) } },
    }));
  const readRoom = async ({ from }: RoomRangeQuery): Promise<RoomRange> =>
    from === undefined
      ? { ...range, to: 5, goesOn: true, privateReceipts: receiptsAt(5, 200_000) }
      : { ...range, privateReceipts: receiptsAt(7, 10) };
  return sendingWith({ recipient: async () => ({ ...OWNER, push }), readRoom }, async ({ store, transactions }) => {
    store.wait(ROOM, 'e', 7, 0);
    await transactions.run();
    const receipts = sentBy(bodies).flatMap(({ ephemeral }) => ephemeral?.map(({ content }) => content));
    expect(receipts).toEqual([...receiptsAt(5, 200_000), ...receiptsAt(7, 10)].map(({ content }) => content));
  });
});

test('events are sent though what goes along with them cannot be kept', () => {
  const bodies: string[] = [];
  const push: Recipient['push'] = async (_txnId, body) => {
    bodies.push(body);
    return { kind: 'taken' };
  };
  const event = { pos: 7, sender: USER, target: undefined, event: { event_id: '$7' }, isEcho: false };
  const readRoom = async (): Promise<RoomRange> => ({ ...range, events: [event] });
  return sendingWith({ recipient: async () => ({ ...OWNER, push }), readRoom }, async ({ store, transactions }) => {
    const keep = store.keep.bind(store);
    store.keep = (body, events, now) => {
      if (body.includes('m.presence')) throw new Error('string or blob too big');
      keep(body, events, now);
    };
    store.wait(ROOM, 'e', 7, 0);
    transactions.offer(OFFERS.slice(0, 1), 'as');
    await transactions.run();
    expect(sentBy(bodies)).toEqual([{ events: [{ event_id: '$7' }] }]);
    expect(store.health().lastError).toBeUndefined();
  });
});

test('what fails by what has changed meanwhile is tried anew at once', () => {
  const answers: ((answer: PushAnswer) => void)[] = [];
  const push = () => new Promise<PushAnswer>((resolve) => answers.push(resolve));
  return sendingWith({ recipient: async () => ({ ...RECIPIENT, push }) }, async ({ store, transactions }) => {
    store.keep('{"events":[]}', 0, 0);
    const done = transactions.run();
    await expect.poll(() => answers).toHaveLength(1);
    void transactions.retry();
    answers[0]?.({ kind: 'failed', reason: 'answered 403' });
    await expect.poll(() => answers).toHaveLength(2);
    answers[1]?.({ kind: 'taken' });
    await done;
    expect(store.outgoing()).toBeUndefined();
  });
});
