import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';

import { destinationMigrations } from '../../../../migrations/destination.ts';
import type { Env } from '../../../../src/config.ts';
import type { SendingStore } from '../../../../src/federation/sending/ports.ts';
import type { EventId } from '../../../../src/matrix/ids/brands.ts';
import { applyMigrations } from '../../../../src/storage/apply-migrations.ts';
import { SendingRepository } from '../../../../src/storage/destination-db/sending-repository.ts';
import { aRoomId } from '../../../support/worker/a-sender.ts';
import { memorySendingStore } from '../../../support/worker/memory-sending-store.ts';

let objects = 0;

/** Runs `work` with a store; twice for the real one, as after an eviction. */
type WithStore = (work: (store: SendingStore, reopen: () => SendingStore) => void) => Promise<void>;

const implementations: [string, WithStore][] = [
  [
    'in memory',
    async (work) => {
      const { store } = memorySendingStore();
      work(store, () => store);
    },
  ],
  [
    'in SQLite',
    async (work) => {
      objects += 1;
      const stub = (env as unknown as Env).DESTINATION.getByName(`contract-${objects}.test`);
      await runInDurableObject(stub, (_instance, { storage }) => {
        storage.transactionSync(() => applyMigrations(storage.sql, destinationMigrations));
        const open = () => new SendingRepository(storage, () => undefined);
        work(open(), open);
      });
    },
  ],
];

const [a, b] = [aRoomId('a'), aRoomId('b')];

describe.each(implementations)('a sending store %s', (_name, withStore) => {
  test('keeps cursors, the longest waiting first', () =>
    withStore((store, reopen) => {
      store.putCursor({ roomId: b, epoch: 'e', from: 1 });
      store.putCursor({ roomId: a, epoch: 'e', from: 2 });
      store.putCursor({ roomId: b, epoch: 'f', from: 3 });
      const held = reopen();
      expect(held.cursors()).toEqual([
        { roomId: b, epoch: 'f', from: 3 },
        { roomId: a, epoch: 'e', from: 2 },
      ]);
      expect(held.cursor(a)).toEqual({ roomId: a, epoch: 'e', from: 2 });
      held.removeCursor(a);
      expect(held.cursor(a)).toBeUndefined();
    }));

  test('starts with a server that is up, and keeps how it answered', () =>
    withStore((store, reopen) => {
      expect(store.reachability()).toEqual({ attempt: 0, until: 0, kind: 'up', reason: '' });
      store.setReachability({ attempt: 3, until: 99, kind: 'down', reason: 'x' });
      expect(store.reachability().attempt).toBe(3);
      expect(reopen().reachability()).toEqual({ attempt: 3, until: 99, kind: 'down', reason: 'x' });
    }));

  test('keeps the transaction that was not confirmed until it is', () =>
    withStore((store, reopen) => {
      const parts = [{ roomId: a, epoch: 'e', from: 1, to: 3, count: 2 }];
      expect(store.unconfirmed()).toBeUndefined();
      store.setUnconfirmed({ parts, edus: ['{}'], ts: 5 });
      expect(reopen().unconfirmed()).toEqual({ parts, edus: ['{}'], ts: 5 });
      store.setUnconfirmed(undefined);
      expect(reopen().unconfirmed()).toBeUndefined();
    }));

  test('parks the same PDU once', () =>
    withStore((store) => {
      const pdu = { roomId: a, eventId: '$1' as EventId, reason: 'no', at: 1 };
      store.park(pdu);
      expect(() => store.park(pdu)).not.toThrow();
    }));

  test('keeps EDUs in their order, each once, until they are removed', () =>
    withStore((store, reopen) => {
      expect(store.keptEdus.has()).toBe(false);
      for (const id of ['a', 'b', 'a', 'c']) expect(store.keptEdus.keep({ id, json: `{"${id}":1}` })).toBe(0);
      const held = reopen().keptEdus;
      expect(held.has()).toBe(true);
      const [first, second, third] = held.first(9);
      expect([first, second, third].map((edu) => edu?.json)).toEqual(['{"a":1}', '{"b":1}', '{"c":1}']);
      expect(held.first(2)).toEqual([first, second]);
      expect(held.between(second?.seq ?? 0, third?.seq ?? 0, 1)).toEqual([second]);
      held.remove(second?.seq ?? 0);
      expect(held.first(9)).toEqual([third]);
      held.remove(third?.seq ?? 0);
      expect(held.has()).toBe(false);
      expect(held.first(9)).toEqual([]);
    }));
});

test('of more than 10,000 EDUs, or 50 megabytes, the oldest go', async () => {
  const stub = (env as unknown as Env).DESTINATION.getByName('full.test');
  await runInDurableObject(stub, (_instance, { storage }) => {
    storage.transactionSync(() => {
      applyMigrations(storage.sql, destinationMigrations);
      const { keptEdus } = new SendingRepository(storage, () => undefined);
      let dropped = 0;
      for (let at = 0; at < 10_003; at += 1) dropped += keptEdus.keep({ id: String(at), json: `{"n":${at}}` });
      expect(dropped).toBe(3);
      expect(keptEdus.keep({ id: '3', json: '{"n":3}' })).toBe(0);
      expect(keptEdus.first(1)).toMatchObject([{ json: '{"n":3}' }]);
      const json = JSON.stringify({ long: 'x'.repeat(499_989) });
      for (let at = 0; at < 101; at += 1) keptEdus.keep({ id: `long ${at}`, json });
      expect(keptEdus.first(1)).toMatchObject([{ json }]);
      // A transaction has a megabyte of them, or two.
      expect(keptEdus.first(100)).toHaveLength(2);
      expect(storage.sql.exec<{ n: number }>('select count(*) as n from kept_edus').one().n).toBe(100);
    });
  });
});

test('what a transaction did is undone when it throws, in memory too', async () => {
  const stub = (env as unknown as Env).DESTINATION.getByName('rollback.test');
  await runInDurableObject(stub, (_instance, { storage }) => {
    storage.transactionSync(() => applyMigrations(storage.sql, destinationMigrations));
    let undone = 0;
    const store = new SendingRepository(storage, () => (undone += 1));
    const fail = () =>
      store.transaction(() => {
        store.setReachability({ attempt: 1, until: 1, kind: 'down', reason: '' });
        store.putCursor({ roomId: a, epoch: 'e', from: 1 });
        throw new Error('crash');
      });
    expect(fail).toThrow('crash');
    expect(store.reachability().kind).toBe('up');
    expect(store.cursors()).toEqual([]);
    expect(undone).toBe(1);
  });
});
