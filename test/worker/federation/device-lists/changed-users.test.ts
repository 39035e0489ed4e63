import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { destinationMigrations } from '../../../../migrations/destination.ts';
import type { Env } from '../../../../src/config.ts';
import { ChangedUsers } from '../../../../src/federation/device-lists/changed-users.ts';
import type { ChangedUser, TellShards } from '../../../../src/federation/device-lists/ports.ts';
import type { RoomId, UserId } from '../../../../src/matrix/ids/brands.ts';
import { applyMigrations } from '../../../../src/storage/apply-migrations.ts';
import { ChangedUserRepository } from '../../../../src/storage/destination-db/changed-user-repository.ts';
import { Random } from '../../../support/simulator/random.ts';

let objects = 0;
const [one, two] = ['!one:peer', '!two:peer'] as [RoomId, RoomId];
const user = (n: number) => `@u${n}:peer.example` as UserId;

class Bench {
  now = 1_000_000;
  /** What each round told, with the rooms. */
  readonly rounds: (readonly ChangedUser[])[] = [];
  tell: TellShards = async () => new Map();
  /** While shards are told, for what comes in the meantime. */
  meanwhile: (() => void) | undefined;
  readonly #store: ChangedUserRepository;
  changes: ChangedUsers;

  constructor(storage: DurableObjectStorage) {
    storage.transactionSync(() => applyMigrations(storage.sql, destinationMigrations));
    this.#store = new ChangedUserRepository(storage);
    this.changes = this.open();
  }

  /** As after an eviction. */
  open(): ChangedUsers {
    return new ChangedUsers({
      store: this.#store,
      tell: async (changed) => {
        this.rounds.push(changed);
        this.meanwhile?.();
        return this.tell(changed);
      },
      now: () => this.now,
      random: () => 0,
      after: async (delayMs) => void (this.now += delayMs),
    });
  }

  told(): readonly (readonly [UserId | undefined, readonly RoomId[] | undefined])[] {
    return this.rounds.flat().map(({ userId, roomIds }) => [userId, roomIds] as const);
  }
}

async function withBench(work: (bench: Bench) => Promise<void>): Promise<void> {
  objects += 1;
  const stub = (env as unknown as Env).DESTINATION.getByName(`changed-users-${objects}.test`);
  await runInDurableObject(stub, (_instance, { storage }) => work(new Bench(storage)));
}

test('what is told once is not told again, and what comes in the meantime is', () =>
  withBench(async (bench) => {
    bench.changes.note([user(1), user(2)]);
    bench.meanwhile = () => {
      bench.meanwhile = undefined;
      bench.changes.note([user(2)]);
    };
    expect(await bench.changes.tell()).toBeUndefined();
    expect(bench.told().map(([userId]) => userId)).toEqual([user(1), user(2), user(2)]);
    expect(await bench.changes.tell()).toBeUndefined();
    expect(bench.told()).toHaveLength(3);
  }));

test('after a failure only the rooms that are left are told, later and later, unless there is another change', () =>
  withBench(async (bench) => {
    bench.changes.note([user(1)]);
    bench.tell = async (changed) => new Map(changed.map((each) => [each, [two]]));
    const first = (await bench.changes.tell()) ?? 0;
    const delay = first - bench.now;
    expect(delay).toBeGreaterThan(0);
    expect(await bench.changes.tell()).toBe(first);
    bench.now = first;
    expect(((await bench.changes.tell()) ?? 0) - bench.now).toBeGreaterThan(delay);
    bench.changes.note([user(1)]);
    bench.tell = async () => new Map();
    expect(await bench.changes.tell()).toBeUndefined();
    expect(bench.told()).toEqual([
      [user(1), undefined],
      [user(1), [two]],
      [user(1), undefined],
    ]);
  }));

test('a flood becomes one change of all users of the server', () =>
  withBench(async (bench) => {
    bench.changes.note(Array.from({ length: 1_001 }, (_, n) => user(n)));
    await bench.changes.tell();
    expect(bench.told()).toEqual([[undefined, undefined]]);
  }));

test('whatever fails and wherever it ends, each change is told to every room after it came', () =>
  withBench(async (bench) => {
    const random = new Random(11);
    /** By user and room, when they were last told; and when each user last changed. */
    const told = new Map<string, number>();
    const changed = new Map<UserId, number>();
    let clock = 0;
    bench.tell = async (all) => {
      clock += 1;
      if (random.below(6) === 0) throw new Error('crash');
      const left = new Map<ChangedUser, readonly RoomId[] | undefined>();
      for (const each of all) {
        const rooms = each.roomIds ?? [one, two];
        const failed = rooms.filter(() => random.below(3) === 0);
        for (const room of rooms) if (!failed.includes(room)) told.set(`${each.userId} ${room}`, clock);
        if (failed.length > 0) left.set(each, failed);
      }
      return left;
    };
    const change = () => {
      const userId = user(random.below(4));
      clock += 1;
      changed.set(userId, clock);
      bench.changes.note([userId]);
    };
    bench.meanwhile = () => {
      if (random.below(3) === 0) change();
    };
    for (let step = 0; step < 300; step += 1) {
      if (random.below(2) === 0) change();
      if (random.below(10) === 0) bench.changes = bench.open();
      bench.now += random.below(20_000);
      await bench.changes.tell().catch(() => (bench.changes = bench.open()));
    }
    bench.meanwhile = undefined;
    let next: number | undefined = bench.now;
    while (next !== undefined) {
      bench.now = Math.max(bench.now, next);
      next = await bench.changes.tell().catch(() => bench.now + 1);
    }
    expect(changed.size).toBe(4);
    for (const [userId, at] of changed) {
      for (const room of [one, two]) expect(told.get(`${userId} ${room}`)).toBeGreaterThan(at);
    }
  }));
